import { type Network, readAddress } from './address-key.ts';
import { LengthHints } from './length-hints.ts';
import { LengthTable } from './length-table.ts';

const NONE = -1;

/** Values by network, found by any address in it, the narrowest network first. */
export class PrefixTable<Value> {
  /** By prefix length. */
  readonly #v4: (LengthTable | undefined)[] = new Array(33).fill(undefined);
  readonly #hints = new LengthHints();
  /** Longest first: few lengths are in use. */
  readonly #v6: LengthTable[] = [];
  readonly #values: (Value | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #words = new Int32Array(4);

  get size(): number {
    return this.#values.length - this.#free.length;
  }

  /** What stands under the narrowest network that the address is in. Allocates nothing. */
  match(address: string): Value | undefined {
    const family = readAddress(address, this.#words);
    if (family === 0) return undefined;
    const place = family === 4 ? this.#match4(this.#words) : this.#match6(this.#words);
    return place === NONE ? undefined : this.#values[place];
  }

  /** What stands under the narrowest network that the first address of this one is in. */
  matchFirst({ family, words }: Network): Value | undefined {
    const place = family === 4 ? this.#match4(words) : this.#match6(words);
    return place === NONE ? undefined : this.#values[place];
  }

  /** What stands under this very network. */
  get(network: Network): Value | undefined {
    const place = this.#tableOf(network)?.find(network.words) ?? NONE;
    return place === NONE ? undefined : this.#values[place];
  }

  /** So many networks of that length are to come: there is room for them at once, and not by doubling it again and again. */
  expect(family: 4 | 6, bits: number, count: number): void {
    const wanted = { family, bits };
    (this.#tableOf(wanted) ?? this.#newTable(wanted)).expect(count);
  }

  set(network: Network, value: Value): void {
    const table = this.#tableOf(network) ?? this.#newTable(network);
    const known = table.find(network.words);
    if (known !== NONE) {
      this.#values[known] = value;
      return;
    }
    const place = this.#free.pop() ?? this.#values.length;
    this.#values[place] = value;
    table.add(network, place);
    if (network.family === 4) this.#hints.add(network);
  }

  delete(network: Network): void {
    const table = this.#tableOf(network);
    const place = table?.find(network.words) ?? NONE;
    if (table === undefined || place === NONE) return;
    table.remove(network);
    this.#values[place] = undefined;
    this.#free.push(place);
    if (table.size > 0) return;
    if (network.family === 4) this.#v4[network.bits] = undefined;
    else this.#v6.splice(this.#v6.indexOf(table), 1);
  }

  /** What is added or removed meanwhile may or may not be seen. */
  *values(): IterableIterator<Value> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }

  #match4(words: Int32Array): number {
    let lengths = this.#hints.of(words[0] as number);
    while (lengths !== 0) {
      const bits = 32 - Math.clz32(lengths);
      const place = this.#v4[bits]?.find(words) ?? NONE;
      if (place !== NONE) return place;
      lengths &= ~(1 << (bits - 1));
    }
    return this.#v4[0]?.find(words) ?? NONE;
  }

  #match6(words: Int32Array): number {
    for (let index = 0; index < this.#v6.length; index++) {
      const place = (this.#v6[index] as LengthTable).find(words);
      if (place !== NONE) return place;
    }
    return NONE;
  }

  #tableOf({ family, bits }: Pick<Network, 'family' | 'bits'>): LengthTable | undefined {
    return family === 4 ? this.#v4[bits] : this.#v6.find((table) => table.bits === bits);
  }

  #newTable({ family, bits }: Pick<Network, 'family' | 'bits'>): LengthTable {
    const table = new LengthTable(bits);
    if (family === 4) this.#v4[bits] = table;
    else {
      this.#v6.push(table);
      this.#v6.sort((one, other) => other.bits - one.bits);
    }
    return table;
  }
}
