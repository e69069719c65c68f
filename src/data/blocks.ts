import type { Edge } from '../edge/edge.ts';
import type { BlockOrder } from '../limits/block-entry.ts';
import type { BlockList } from '../limits/block-list.ts';
import { rowOf } from './block-changes.ts';
import type { BlockOutcome, FoundBlocks } from './messages.ts';

/** Those in which that text or address is found, the latest first. */
export function findBlocks(blocks: BlockList, search: string, rows: number): FoundBlocks {
  const found = search === '' ? [...blocks.entries()] : [...blocks.search(search)];
  const latest = found.toSorted((one, other) => other.lastSeen - one.lastSeen).slice(0, rows);
  return { count: blocks.size, found: found.length, rows: latest.map(rowOf) };
}

/** By the word of an operator. */
export function blockBy({ gatekeeper, neighbours }: Edge, order: BlockOrder): BlockOutcome {
  const [address = ''] = order.network.split('/');
  if (gatekeeper.isAllowed(address))
    return { kind: 'trusted', why: 'it is in network.allowed, and what is there is never blocked' };
  if (neighbours.includes(address))
    return { kind: 'trusted', why: 'it is the PBX or a trunk, which are never blocked' };
  const entry = gatekeeper.blocks.block(order, Date.now());
  return entry === undefined ? { kind: 'full' } : { kind: 'blocked', entry: rowOf(entry) };
}
