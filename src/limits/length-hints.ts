import type { Network } from './address-key.ts';

/** Up to so many networks are looked up in each of their lengths: most lists have two or three, ten thousand of them. */
const FEW = 32;

/**
 * Which prefix lengths occur among the IPv4 networks around each upper half of an address, so that a packet is looked
 * up in the one or two tables where it may be found and not in all twenty of a list of networks. A hint is not taken
 * back: that costs a look-up for nothing, and never an answer.
 */
export class LengthHints {
  /** As long as there are few, and no longer kept when there are more. */
  readonly #few: Network[] = [];
  #lengthsOfFew = 0;
  #lengths: Int32Array | undefined;

  /** Bit 31 for a single address, bit 0 for half of all. What has all of IPv4 (`/0`) needs no hint. */
  of(word: number): number {
    const lengths = this.#lengths;
    return lengths === undefined ? this.#lengthsOfFew : (lengths[word >>> 16] as number);
  }

  add(network: Network): void {
    if (network.bits === 0) return;
    if (this.#lengths === undefined && this.#few.length < FEW) {
      this.#few.push(network);
      this.#lengthsOfFew |= bitOf(network);
      return;
    }
    this.#lengths ??= new Int32Array(65_536);
    for (const one of [...this.#few.splice(0), network]) mark(this.#lengths, one);
  }
}

function mark(lengths: Int32Array, network: Network): void {
  const { words, bits } = network;
  const first = (words[0] ?? 0) >>> 16;
  const last = first + 2 ** Math.max(0, 16 - bits);
  for (let half = first; half < last; half++) (lengths[half] as number) |= bitOf(network);
}

const bitOf = ({ bits }: Network): number => 1 << (bits - 1);
