import type { Logger } from '../log.ts';
import { fault } from '../recorded-news.ts';
import type { LivingGate } from './living-gate.ts';

/** The log is not filled by one that comes again and again. */
const MOST_SAID = 10;
const LOOK_EVERY_MS = 1000;

/**
 * Errors that nobody caught in this thread, each a bug. The other thread knows nothing of it, so no call has to end for
 * it: whatever state the process is in, it serves on in that, and ends with the last call or at the deadline.
 */
export class Faults {
  count = 0;
  readonly #log: Logger;
  readonly #end: () => void;

  /** `end` may be called more than once. */
  constructor(log: Logger, end: () => void) {
    this.#log = log;
    this.#end = end;
  }

  take(error: Error, gate: Pick<LivingGate, 'underWay' | 'deadlineSeconds' | 'record'>): void {
    this.count++;
    if (this.count > MOST_SAID) return;
    const deadlineSeconds = gate.deadlineSeconds();
    this.#log.error(
      { stack: error.stack, ...gate.underWay(), deadlineSeconds },
      'an error nobody caught in the control plane: calls go on, new ones too; the process ends when there are none, ' +
        'so that it is restarted',
    );
    gate.record(fault(`the control plane failed: ${error.message}`));
    if (this.count > 1) return;
    setTimeout(this.#end, deadlineSeconds * 1000).unref();
    setInterval(() => {
      const { calls, ringing } = gate.underWay();
      if (calls + ringing === 0) this.#end();
    }, LOOK_EVERY_MS).unref();
  }
}
