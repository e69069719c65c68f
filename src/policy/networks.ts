import { parseNetwork } from '../limits/address-key.ts';
import { PrefixTable } from '../limits/prefix-table.ts';

/** Addresses and networks as the settings have them, asked about for every request. */
export class Networks {
  readonly #table = new PrefixTable<string>();

  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const network = parseNetwork(text);
      if (network !== undefined) this.#table.set(network, text);
    }
  }

  /** The narrowest of them that the address is in, as it was written. */
  find(address: string): string | undefined {
    return this.#table.match(address);
  }
}
