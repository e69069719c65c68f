import { type Network, readAddress } from './address-key.ts';
import { LengthTable } from './length-table.ts';

/** Values by network, found by any address in it, the narrowest network first. */
export class PrefixTable<Value> {
  /** A table for each prefix length in use, longest first: most lists have one or two. */
  readonly #v4: LengthTable[] = [];
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
    const tables = family === 4 ? this.#v4 : this.#v6;
    for (let index = 0; index < tables.length; index++) {
      const place = (tables[index] as LengthTable).find(this.#words);
      if (place >= 0) return this.#values[place];
    }
    return undefined;
  }

  /** What stands under this very network. */
  get(network: Network): Value | undefined {
    const place = this.#tableOf(network)?.find(network.words) ?? -1;
    return place < 0 ? undefined : this.#values[place];
  }

  set(network: Network, value: Value): void {
    const table = this.#tableOf(network) ?? this.#newTable(network);
    const known = table.find(network.words);
    if (known >= 0) {
      this.#values[known] = value;
      return;
    }
    const place = this.#free.pop() ?? this.#values.length;
    this.#values[place] = value;
    table.add(network, place);
  }

  delete(network: Network): void {
    const table = this.#tableOf(network);
    const place = table?.find(network.words) ?? -1;
    if (table === undefined || place < 0) return;
    table.remove(network);
    this.#values[place] = undefined;
    this.#free.push(place);
    if (table.size > 0) return;
    const tables = this.#tables(network);
    tables.splice(tables.indexOf(table), 1);
  }

  /** What is added or removed meanwhile may or may not be seen. */
  *values(): IterableIterator<Value> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }

  #tables({ family }: Network): LengthTable[] {
    return family === 4 ? this.#v4 : this.#v6;
  }

  #tableOf(network: Network): LengthTable | undefined {
    return this.#tables(network).find(({ bits }) => bits === network.bits);
  }

  #newTable(network: Network): LengthTable {
    const table = new LengthTable(network.bits);
    const tables = this.#tables(network);
    tables.push(table);
    tables.sort((one, other) => other.bits - one.bits);
    return table;
  }
}
