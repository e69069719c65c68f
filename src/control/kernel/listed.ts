import { networksIn, type SlicedLists } from '../../data/sliced-lists.ts';
import { formatNetwork } from '../../limits/address-key.ts';
import type { ListKind } from './block-sets.ts';

/** A network that a list names, and what is done with it. */
export interface ListedNetwork {
  readonly kind: ListKind;
  readonly network: string;
}

/** What is on its way to the data plane, and has not left yet. What is only counted is not in it. */
export function* listedIn({ lists, networks }: SlicedLists): Generator<ListedNetwork> {
  for (const slice of networks)
    for (const [place, network] of networksIn(slice)) {
      const list = lists[place];
      if (list === undefined || list.mode === 'shadow') continue;
      const blocked = list.sparesPhones ? 'listed' : 'firm';
      yield {
        kind: list.mode === 'allow' ? 'allowed' : blocked,
        network: formatNetwork(network),
      };
    }
}
