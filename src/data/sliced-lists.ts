import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Network } from '../limits/address-key.ts';
import { ListedNetworks, type ListMode, type SourceList } from '../limits/listed-networks.ts';

/** Lists on their way to the data plane, whose networks go in pieces, each taken up between two packets. */
export interface SlicedLists {
  readonly lists: readonly SourceList[];
  /** How many networks are coming, by what is done with them, family and length. */
  readonly sizes: readonly NetworkSize[];
  /** For each network its list, family, length, and four words, of which IPv4 has one. */
  readonly networks: readonly Int32Array<ArrayBuffer>[];
}

interface NetworkSize {
  readonly mode: ListMode;
  readonly family: 4 | 6;
  readonly bits: number;
  count: number;
}

const NUMBERS = 7;
/** So many are taken up in a fraction of a millisecond. */
const PER_SLICE = 500;

/** `networksOf`: what the list of that place names. */
export function sliceLists(
  lists: readonly SourceList[],
  networksOf: (list: number) => Iterable<Network>,
): SlicedLists {
  const sizes = new Map<string, NetworkSize>();
  const slices: Int32Array<ArrayBuffer>[] = [];
  const slice = new Int32Array(PER_SLICE * NUMBERS);
  let used = 0;
  const finish = (): void => {
    slices.push(slice.slice(0, used * NUMBERS));
    used = 0;
  };
  for (const [list, { mode }] of lists.entries())
    for (const { family, bits, words } of networksOf(list)) {
      slice.set([list, family, bits, ...words], used * NUMBERS);
      if (++used === PER_SLICE) finish();
      const key = `${mode} ${family} ${bits}`;
      const size = sizes.get(key);
      if (size === undefined) sizes.set(key, { mode, family, bits, count: 1 });
      else size.count++;
    }
  if (used > 0) finish();
  return { lists, sizes: [...sizes.values()], networks: slices };
}

/** All of them in one table; whoever waits for it lets packets pass between the slices. */
export async function joinLists({ lists, sizes, networks }: SlicedLists): Promise<ListedNetworks> {
  const table = new ListedNetworks(lists);
  for (const { mode, family, bits, count } of sizes) table.expect(mode, family, bits, count);
  for (const slice of networks) {
    for (const [list, network] of networksIn(slice)) table.add(list, network);
    await nextTurn();
  }
  return table;
}

/** Each with the place of its list. */
export function* networksIn(slice: Int32Array): Generator<readonly [list: number, Network]> {
  for (let at = 0; at < slice.length; at += NUMBERS) {
    const family = slice[at + 1] === 4 ? 4 : 6;
    const words = slice.slice(at + 3, at + (family === 4 ? 4 : NUMBERS));
    yield [slice[at] as number, { family, bits: slice[at + 2] as number, words }];
  }
}
