import type { Edge } from '../edge/edge.ts';
import type { Gatekeeper } from '../edge/gatekeeper.ts';
import { inTurns } from '../edge/in-turns.ts';
import { formatNetwork, type Network, parseNetwork } from '../limits/address-key.ts';
import type { BlockOrder, FoundBlock } from '../limits/block-entry.ts';
import type { ListedNetworks } from '../limits/listed-networks.ts';
import { rowOf } from './block-changes.ts';
import type { BlockOutcome, FoundBlocks } from './messages.ts';
import { PER_TURN } from './told-in-parts.ts';

/**
 * Those in which that text or address is found, the latest first. There may be 200,000: packets pass between a few and
 * the next. Where many are wanted they are told as they are found, in no order.
 */
export async function findBlocks(
  { blocks, listed }: Pick<Gatekeeper, 'blocks' | 'listed'>,
  search: string,
  rows: number,
  tell: (part: readonly FoundBlock[]) => void,
): Promise<FoundBlocks> {
  const isMeant = blocks.finder(search);
  const ahead = rows > PER_TURN;
  let held: readonly FoundBlock[] = findListed(listed, search);
  let found = held.length;
  for await (const looked of inTurns(blocks.entries(), PER_TURN)) {
    const some = looked.filter(isMeant);
    found += some.length;
    if (ahead) tell(some.map(rowOf));
    else held = latestOf([...held, ...some], rows);
  }
  return {
    count: blocks.size,
    listed: listed.blocked,
    found,
    rows: latestOf(held, rows).map(rowOf),
  };
}

/** So many of them, the latest first. */
export const latestOf = (found: readonly FoundBlock[], rows: number): readonly FoundBlock[] =>
  found.toSorted((one, other) => other.lastSeen - one.lastSeen).slice(0, rows);

/** By an address what names it; otherwise, of a hundred thousand, those that came. */
function findListed(listed: ListedNetworks, search: string): readonly FoundBlock[] {
  const wanted = search.trim().toLowerCase();
  const network = parseNetwork(wanted);
  if (network === undefined)
    return [...listed.came('block')].filter(({ network: own, rule, evidence }) =>
      [own, rule, evidence].some((text) => text.toLowerCase().includes(wanted)),
    );
  const [address = ''] = formatNetwork(network).split('/');
  const around = listed.find('block', address);
  return around === undefined || !isWithin(network, around) ? [] : [around];
}

const isWithin = ({ bits }: Network, around: FoundBlock): boolean =>
  (parseNetwork(around.network)?.bits ?? 0) <= bits;

/** By the word of an operator. */
export function blockBy({ gatekeeper, neighbours }: Edge, order: BlockOrder): BlockOutcome {
  const [address = ''] = order.network.split('/');
  if (gatekeeper.isAllowed(address))
    return { kind: 'trusted', why: 'it is in network.allowed, and what is there is never blocked' };
  if (gatekeeper.isSpared(address))
    return { kind: 'trusted', why: 'a list allows it, and what one allows is never blocked' };
  if (neighbours.includes(address))
    return { kind: 'trusted', why: 'it is the PBX or a trunk, which are never blocked' };
  const entry = gatekeeper.blocks.block(order, Date.now());
  return entry === undefined ? { kind: 'full' } : { kind: 'blocked', entry: rowOf(entry) };
}
