import { parseNetwork } from '../limits/address-key.ts';
import { PrefixTable } from '../limits/prefix-table.ts';

/** Addresses and networks as an operator writes them: `192.0.2.7`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0`. */
export class SourceRanges {
  readonly #ranges = new PrefixTable<string>();

  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const network = parseNetwork(entry);
      if (network !== undefined) this.#ranges.set(network, entry);
    }
  }

  has(address: string): boolean {
    return this.#ranges.match(address) !== undefined;
  }
}

/** Each list compiled when it is first asked about; extensions that may use the same addresses share theirs. */
export class SourceRangeCache {
  readonly #compiled = new WeakMap<readonly string[], SourceRanges>();
  readonly #byText = new Map<string, SourceRanges>();

  of(entries: readonly string[]): SourceRanges {
    const known = this.#compiled.get(entries);
    if (known !== undefined) return known;
    const text = entries.join(' ');
    const ranges = this.#byText.get(text) ?? new SourceRanges(entries);
    this.#byText.set(text, ranges);
    this.#compiled.set(entries, ranges);
    return ranges;
  }
}
