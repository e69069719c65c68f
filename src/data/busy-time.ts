import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** How busy this thread was, from look to look. Whoever sleeps on purpose while the loop runs takes that off. */
export class BusyTime {
  #last: EventLoopUtilization = performance.eventLoopUtilization();
  #slept: number;

  /** So much it has slept until now. */
  constructor(sleptMs: number) {
    this.#slept = sleptMs;
  }

  /** The part of the time since the last look, 0 to 1. */
  look(sleptMs: number): number {
    const now = performance.eventLoopUtilization();
    const slept = sleptMs - this.#slept;
    const active = now.active - this.#last.active - slept;
    const elapsed = active + (now.idle - this.#last.idle) + slept;
    this.#last = now;
    this.#slept = sleptMs;
    return elapsed <= 0 ? 0 : Math.min(1, Math.max(0, active / elapsed));
  }
}
