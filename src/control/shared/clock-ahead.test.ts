import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ConnectedRedis, connectedRedis } from '../../../test/support/connected-redis.ts';
import { SharedBlocks } from '../../data/shared-blocks.ts';
import { SharedGuards } from '../../data/shared-guards.ts';
import { BlockList } from '../../limits/block-list.ts';
import { Guards } from '../../limits/guards.ts';
import type { RedisClient } from './redis-client.ts';
import {
  blocksIn,
  guardsIn,
  rowOfBlock,
  rowOfGuard,
  rowOfLifted,
  rowOfUnguarded,
} from './shared-rows.ts';
import { type SharedRow, SharedTable } from './shared-table.ts';

const HOUR = 3_600_000;
const pace = { everyMs: 1, rowsPerBatch: 100, mostPending: 100 };

let connected: ConnectedRedis;
let redis: RedisClient;

beforeAll(async () => {
  connected = await connectedRedis();
  ({ redis } = connected);
});
afterAll(() => connected?.close());
beforeEach(() => redis.call('flushall'));

/** A node's blocks and guards, and how it agrees about them with others. */
function node(name: string) {
  const blocks = new BlockList({ onChange: (change) => sharedBlocks.changed(change) });
  const guards = new Guards((change) => sharedGuards.changed(change));
  let blockRows: SharedRow[] = [];
  let guardRows: SharedRow[] = [];
  const sharedBlocks: SharedBlocks = new SharedBlocks({
    ...pace,
    send({ upserts, deletes, batch }) {
      blockRows.push(...upserts.map(rowOfBlock), ...deletes.map(rowOfLifted));
      queueMicrotask(() => sharedBlocks.stored(batch));
    },
  });
  const sharedGuards: SharedGuards = new SharedGuards({
    ...pace,
    send({ upserts, deletes, batch }) {
      guardRows.push(...upserts.map(rowOfGuard), ...deletes.map(rowOfUnguarded));
      queueMicrotask(() => sharedGuards.stored(batch));
    },
  });
  const blockTable = new SharedTable(redis, 'test', 'blocks', name);
  const guardTable = new SharedTable(redis, 'test', 'guards', name);
  return {
    ...{ blocks, guards },
    async exchange(): Promise<void> {
      const now = Date.now();
      await sharedBlocks.flush();
      await blockTable.exchange(blockRows, (some) => {
        const found = blocksIn(some);
        for (const row of found.blocks) blocks.adopt(row, now);
        for (const { network, at } of found.lifted) blocks.liftedElsewhere(network, at);
      });
      blockRows = [];
      await sharedGuards.flush();
      await guardTable.exchange(guardRows, (some) => {
        const found = guardsIn(some);
        for (const guard of found.guards) guards.adopt(guard, now);
        for (const { extension, at } of found.lifted) guards.liftedElsewhere(extension, at);
      });
      guardRows = [];
    },
  };
}

const address = '192.0.2.1';
const byRule = { network: address, by: 'rule', rule: 'scanners', evidence: 'sipcli' } as const;
const byHand = { network: address, by: 'operator', rule: 'operator', evidence: '' } as const;
const guarded = { extension: '1001', evidence: '8 sources' } as const;

/** Of two nodes the second is an hour ahead. Each hears what the other said. */
async function twoNodes() {
  const [here, ahead] = [node('here'), node('ahead')];
  const exchange = async () => {
    for (const one of [here, ahead, here, ahead]) await one.exchange();
  };
  await exchange();
  return { here, ahead, exchange };
}

test('what a node that is ahead blocked is lifted on both', async () => {
  const { here, ahead, exchange } = await twoNodes();
  ahead.blocks.block({ ...byRule, forMs: 3 * HOUR }, Date.now() + HOUR);
  ahead.guards.raise({ ...guarded, by: 'rule', forMs: 3 * HOUR }, Date.now() + HOUR);
  await exchange();
  expect([here.blocks.size, here.guards.size]).toEqual([1, 1]);
  here.blocks.lift(address);
  here.guards.lift('1001');
  await exchange();
  expect([ahead.blocks.size, ahead.guards.size]).toEqual([0, 0]);
});

test('and what an operator blocks for longer is blocked for longer there', async () => {
  const { here, ahead, exchange } = await twoNodes();
  ahead.blocks.block({ ...byRule, forMs: HOUR }, Date.now() + HOUR);
  ahead.guards.raise({ ...guarded, by: 'rule', forMs: HOUR }, Date.now() + HOUR);
  await exchange();
  here.blocks.block({ ...byHand, forMs: undefined }, Date.now());
  here.guards.raise({ ...guarded, by: 'operator', forMs: undefined }, Date.now());
  await exchange();
  const later = Date.now() + 9 * HOUR;
  expect(ahead.blocks.isBlocked(address, later)?.by).toBe('operator');
  expect(ahead.guards.of('1001', later)?.by).toBe('operator');
});
