import type { Channel } from './transport/transports.ts';

const FORGET_AFTER_MS = 10 * 60_000;
const MOST = 1024;

/** Peers that large requests could not reach over TCP: for a while they get them over UDP all the same. */
export class StreamRefusals {
  readonly #until = new Map<string, number>();

  add({ address, port }: Channel): void {
    if (this.#until.size >= MOST) this.#until.clear();
    this.#until.set(`${address} ${port}`, performance.now() + FORGET_AFTER_MS);
  }

  has({ address, port }: Channel): boolean {
    if (this.#until.size === 0) return false;
    const until = this.#until.get(`${address} ${port}`);
    return until !== undefined && until > performance.now();
  }
}
