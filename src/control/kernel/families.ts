import { formatNetwork, type Network, parseNetwork } from '../../limits/address-key.ts';
import { PrefixTable } from '../../limits/prefix-table.ts';

export type Family = 4 | 6;
export const families: readonly Family[] = [4, 6];

export type ByFamily = Readonly<Record<Family, readonly string[]>>;

/**
 * Networks as nft takes them, by family. What lies in another one is left out: overlapping ones are an error there.
 * This is where texts become rules, so what is no network goes no further.
 */
export function networksByFamily(texts: Iterable<string>): ByFamily {
  const found = { 4: [] as Network[], 6: [] as Network[] };
  for (const text of texts) {
    const network = parseNetwork(text);
    if (network !== undefined) found[network.family].push(network);
  }
  return { 4: outermost(found[4]), 6: outermost(found[6]) };
}

function outermost(networks: readonly Network[]): readonly string[] {
  const kept = new PrefixTable<true>();
  const texts: string[] = [];
  for (const network of networks.toSorted((one, other) => one.bits - other.bits)) {
    const text = formatNetwork(network);
    if (kept.match(text.split('/')[0] ?? '') !== undefined) continue;
    kept.set(network, true);
    texts.push(text);
  }
  return texts.sort();
}
