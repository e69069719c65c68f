import type { Network } from './address-key.ts';

/**
 * Which prefix lengths occur among the IPv4 networks around each upper half of an address, so that a packet is looked
 * up in the one or two tables where it may be found and not in all twenty of a list of networks. A hint is not taken
 * back: that costs a look-up for nothing, and never an answer.
 */
export class LengthHints {
  readonly #lengths = new Int32Array(65_536);

  /** Bit 31 for a single address, bit 0 for half of all. What has all of IPv4 (`/0`) needs no hint. */
  of(word: number): number {
    return this.#lengths[word >>> 16] as number;
  }

  add({ words, bits }: Network): void {
    if (bits === 0) return;
    const first = (words[0] ?? 0) >>> 16;
    const last = first + 2 ** Math.max(0, 16 - bits);
    for (let half = first; half < last; half++) (this.#lengths[half] as number) |= 1 << (bits - 1);
  }
}
