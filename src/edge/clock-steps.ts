/** Less is not set but slewed, or the time that a look takes. */
const LEAST_MS = 2000;

/**
 * By how much the clock was set since the last look, told by one that nobody sets. A machine that was asleep, or stood
 * still while it was moved, wakes up with a clock that was set forward.
 */
export class ClockSteps {
  #ahead: number;
  /** How often it was set. */
  count = 0;

  constructor(now = Date.now(), steady = performance.now()) {
    this.#ahead = now - steady;
  }

  /** In milliseconds, below 0 when it was set back; 0 when it was not set. */
  look(now = Date.now(), steady = performance.now()): number {
    const by = now - steady - this.#ahead;
    this.#ahead += by;
    if (Math.abs(by) < LEAST_MS) return 0;
    this.count++;
    return by;
  }
}
