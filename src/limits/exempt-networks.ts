import { type Network, parseNetwork, widen } from './address-key.ts';
import { PrefixTable } from './prefix-table.ts';

/** Networks that are to be kept out of others, whatever those say. */
export class ExemptNetworks {
  /** None is a part of another. */
  readonly #exempt = new PrefixTable<Network>();
  /** Of each network around some of them, which. */
  readonly #within = new PrefixTable<Network[]>();

  constructor(texts: readonly string[]) {
    const networks = texts.flatMap((text) => parseNetwork(text) ?? []);
    for (const network of networks.toSorted((one, other) => one.bits - other.bits)) {
      if (this.#around(network) !== undefined) continue;
      this.#exempt.set(network, network);
      for (let bits = 0; bits < network.bits; bits++) {
        const outer = widen(network, bits);
        const known = this.#within.get(outer);
        if (known === undefined) this.#within.set(outer, [network]);
        else known.push(network);
      }
    }
  }

  /** What is left of a network: all of it, nothing, or as few pieces as will do. */
  leftOf(network: Network): readonly Network[] {
    if (this.#exempt.size === 0) return [network];
    if (this.#around(network) !== undefined) return [];
    if (this.#within.get(network) === undefined) return [network];
    return halvesOf(network).flatMap((half) => this.leftOf(half));
  }

  /** The one that it is a part of. */
  #around(network: Network): Network | undefined {
    const found = this.#exempt.matchFirst(network);
    return found === undefined || found.bits > network.bits ? undefined : found;
  }
}

function halvesOf({ family, words, bits }: Network): readonly Network[] {
  const upper = Int32Array.from(words);
  (upper[bits >> 5] as number) |= 1 << (31 - (bits & 31));
  return [
    { family, words, bits: bits + 1 },
    { family, words: upper, bits: bits + 1 },
  ];
}
