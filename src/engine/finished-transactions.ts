import type { ServerTransaction } from './server-transaction.ts';

/**
 * Answered requests are kept 32 seconds for whoever asks again. At thousands a second that is a lot of memory
 * for a thing so seldom needed, so there is a limit: beyond it the oldest goes early.
 */
export class FinishedTransactions {
  readonly #most: number;
  readonly #queue: (ServerTransaction | undefined)[] = [];
  #head = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Returns the one that has to go for it. */
  add(transaction: ServerTransaction): ServerTransaction | undefined {
    this.#queue.push(transaction);
    if (this.#queue.length - this.#head <= this.#most) return undefined;
    const oldest = this.#queue[this.#head];
    this.#queue[this.#head++] = undefined;
    if (this.#head > 4096 && this.#head * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    return oldest;
  }
}
