import { beforeEach, expect, test } from 'vitest';
import type { BlockEntry, BlockOrder } from '../limits/block-entry.ts';
import { BlockList } from '../limits/block-list.ts';
import type { Batch } from './changes.ts';
import type { Lifted } from './messages.ts';
import { SharedBlocks } from './shared-blocks.ts';

let sent: Batch<BlockEntry, Lifted>[];
let shared: SharedBlocks;
let list: BlockList;

beforeEach(() => {
  sent = [];
  const options = { everyMs: 1, rowsPerBatch: 100, mostPending: 100 };
  shared = new SharedBlocks({
    ...options,
    send(batch) {
      sent.push(batch);
      queueMicrotask(() => shared.stored(batch.batch));
    },
  });
  list = new BlockList({ onChange: (change) => shared.changed(change) });
});

const order = (network: string, more: Partial<BlockOrder> = {}): BlockOrder => ({
  ...{ network, by: 'rule', rule: 'scanners', evidence: 'sipcli', forMs: 1000 },
  ...more,
});

test('what was decided here is told, and what was lifted here', async () => {
  list.block(order('192.0.2.1'), 0);
  list.block(order('192.0.2.2', { forgeable: true }), 0);
  await shared.flush();
  list.lift('192.0.2.1');
  await shared.flush();
  expect(sent.map(({ upserts }) => upserts.map(({ network }) => network))).toEqual([
    ['192.0.2.1'],
    [],
  ]);
  expect(sent[1]?.deletes).toMatchObject([{ network: '192.0.2.1' }]);
});

test('what another node decided is not told again, nor that it ended', async () => {
  const [entry] = [new BlockList().block(order('192.0.2.1'), 0)];
  if (entry !== undefined) list.adopt(entry, 0);
  list.sweep(5000);
  await shared.flush();
  expect(sent).toEqual([]);
});

test('that it was lifted here is not forgotten for what another node still has', async () => {
  const entry = list.block(order('192.0.2.1'), 0);
  await shared.flush();
  list.lift('192.0.2.1');
  if (entry === undefined) throw new Error('not blocked');
  list.adopt(entry, 0); // told by a node that has not heard of it
  shared.tell(entry);
  await shared.flush();
  expect(sent[1]).toMatchObject({ upserts: [], deletes: [{ network: '192.0.2.1' }] });
});

test('what is blocked anew is so on all nodes, also where the clock of whoever lifted it is ahead', async () => {
  list.block(order('192.0.2.1'), 0);
  await shared.flush();
  list.lift('192.0.2.1');
  await shared.flush();
  const lifted = sent[1]?.deletes[0]?.at ?? 0;
  list.block(order('192.0.2.1'), 5);
  await shared.flush();
  expect(sent[2]?.upserts[0]?.changedAt).toBeGreaterThan(lifted);
});

test('of what was lifted, and of what was blocked, in the same instant the one that Redis had first holds', () => {
  const [entry] = [new BlockList().block(order('192.0.2.1', { forMs: undefined }), 1000)];
  if (entry === undefined) throw new Error('not blocked');
  const lifted = (at: number) => [{ network: '192.0.2.1', at }];
  expect(shared.heard([], lifted(1000))).toEqual([]);
  expect(shared.heard([entry], [])).toEqual([entry]);
  shared.heard([], lifted(1001));
  expect(shared.heard([entry], [])).toEqual([]);
});
