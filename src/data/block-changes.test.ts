import { beforeEach, expect, test } from 'vitest';
import type { BlockEntry } from '../limits/block-entry.ts';
import { BlockList } from '../limits/block-list.ts';
import { BlockChanges } from './block-changes.ts';
import type { Batch } from './changes.ts';

let sent: Batch<BlockEntry, string>[];
let changes: BlockChanges;
let list: BlockList;

beforeEach(() => {
  sent = [];
  const options = { everyMs: 1, rowsPerBatch: 100, mostPending: 100 };
  changes = new BlockChanges({
    ...options,
    send(batch) {
      sent.push(batch);
      queueMicrotask(() => changes.stored(batch.batch));
    },
  });
  list = new BlockList({ onChange: (change) => changes.changed(change) });
});

const block = (network: string, more: Partial<{ forgeable: boolean; by: 'operator' }> = {}) =>
  list.block(
    { network, by: 'rule', rule: 'scanners', evidence: 'sipcli', forMs: 1000, ...more },
    0,
  );

test('a block goes to the disk as it is when it is sent', async () => {
  block('192.0.2.1');
  await changes.flush();
  expect(sent).toMatchObject([
    { upserts: [{ network: '192.0.2.1', rule: 'scanners', hits: 0, until: 1000 }], deletes: [] },
  ]);
});

test('one that is lifted is deleted; one that a rule made and that ends is remembered', async () => {
  block('192.0.2.1');
  block('192.0.2.2');
  block('192.0.2.3', { by: 'operator' });
  list.lift('192.0.2.1');
  list.sweep(2000);
  await changes.flush();
  expect(sent[0]?.deletes.toSorted()).toEqual(['192.0.2.1', '192.0.2.3']);
  expect(sent[0]?.upserts.map(({ network }) => network)).toEqual(['192.0.2.2']);
});

test('what anybody could bring about never gets there', async () => {
  block('192.0.2.1', { forgeable: true });
  list.sweep(2000);
  await changes.flush();
  expect(sent).toEqual([]);
});
