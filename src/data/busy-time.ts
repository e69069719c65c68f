import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** How busy this thread was, from look to look. Whoever sleeps on purpose while the loop runs takes that off. */
export class BusyTime {
  readonly #sleptMs: () => number;
  #last: EventLoopUtilization = performance.eventLoopUtilization();
  #slept: number;

  constructor(sleptMs: () => number) {
    this.#sleptMs = sleptMs;
    this.#slept = sleptMs();
  }

  /** The part of the time since the last look, 0 to 1. */
  look(): number {
    const now = performance.eventLoopUtilization();
    const slept = this.#sleptMs();
    const active = now.active - this.#last.active - (slept - this.#slept);
    const elapsed = active + (now.idle - this.#last.idle) + (slept - this.#slept);
    this.#last = now;
    this.#slept = slept;
    return elapsed <= 0 ? 0 : Math.min(1, Math.max(0, active / elapsed));
  }
}
