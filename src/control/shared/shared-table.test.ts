import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ConnectedRedis, connectedRedis } from '../../../test/support/connected-redis.ts';
import type { RedisClient } from './redis-client.ts';
import { type SharedRow, SharedTable } from './shared-table.ts';

let connected: ConnectedRedis;
let redis: RedisClient;

beforeAll(async () => {
  connected = await connectedRedis();
  ({ redis } = connected);
});
afterAll(() => connected?.close());
beforeEach(() => redis.call('flushall'));

const table = (node: string) => new SharedTable(redis, 'test', 'rows', node);
const row = (id: string, changedAt: number, text = `by ${changedAt}`): SharedRow => ({
  ...{ id, changedAt, text },
  forgetAt: undefined,
});

/** What it is told, as `id text`, and whether Redis has lost something. */
async function exchange(one: SharedTable, ...changes: SharedRow[]) {
  const told: string[] = [];
  const lost = await one.exchange(changes, (rows) => {
    for (const { id, text } of rows) told.push(`${id} ${text}`);
  });
  return { told: told.toSorted(), lost };
}

test('what one node changes the others are told once; its own changes it knows', async () => {
  const [a, b] = [table('a'), table('b')];
  await exchange(a);
  await exchange(b);
  expect(await exchange(a, row('x', 1), row('y', 2))).toEqual({ told: [], lost: false });
  expect(await exchange(b)).toEqual({ told: ['x by 1', 'y by 2'], lost: false });
  expect(await exchange(b)).toEqual({ told: [], lost: false });
});

test('of two changes of a row the later holds, in whatever order they come', async () => {
  const [a, b, c] = [table('a'), table('b'), table('c')];
  await exchange(a, row('x', 20));
  await exchange(b, row('x', 10));
  expect((await exchange(c)).told).toEqual(['x by 20']);
  await exchange(b, row('x', 30, ''));
  await exchange(a, row('x', 25));
  expect((await exchange(c)).told).toEqual(['x ']);
});

test('that a row is gone is told to whoever said so too', async () => {
  const a = table('a');
  await exchange(a, row('x', 1));
  expect((await exchange(a, row('x', 2, ''))).told).toEqual(['x ']);
});

test('a node that begins anew is told all, its own rows too', async () => {
  await exchange(table('a'), row('x', 1));
  await exchange(table('b'), row('y', 1));
  expect((await exchange(table('a'))).told).toEqual(['x by 1', 'y by 1']);
});

test('more rows than fit into one exchange are all told', async () => {
  const rows = Array.from({ length: 1234 }, (_, index) => row(`r${index}`, 1));
  const [a, b] = [table('a'), table('b')];
  await exchange(a, ...rows);
  expect((await exchange(b)).told).toHaveLength(1234);
});

test('rows are forgotten when their time has come', async () => {
  const [a, b] = [table('a'), table('b')];
  await exchange(a, { ...row('x', 1), forgetAt: Date.now() - 1 }, row('y', 1));
  await exchange(a);
  expect((await exchange(b)).told).toEqual(['y by 1']);
  expect(await redis.call('hlen', 'test:{rows}:rows')).toBe(1);
});

test('a Redis that lost all is noticed, and what was told since is not missed', async () => {
  const [a, b] = [table('a'), table('b')];
  await exchange(a, row('x', 1), row('y', 1));
  await exchange(b);
  await redis.call('flushall');
  await exchange(a, row('z', 2), row('z1', 2), row('z2', 2));
  const seen = await exchange(b);
  expect(seen).toEqual({ told: ['z by 2', 'z1 by 2', 'z2 by 2'], lost: true });
  expect((await exchange(b)).lost).toBe(false);
});

test('one that came back with what it knew before is noticed, though others have told it more since', async () => {
  const [a, b] = [table('a'), table('b')];
  await exchange(a, row('x', 1));
  await exchange(b);
  await connected.server.ask('save');
  await exchange(b, row('y', 2), row('z', 3));
  await exchange(a);
  await connected.server.kill();
  await connected.server.start();
  await connected.answers();

  // a speaks first: it tells what it decided meanwhile, and all it knows
  const news = [row('blocked', 4), row('also blocked', 4), row('blocked, too', 4)];
  expect((await exchange(a, ...news)).lost).toBe(true);
  expect(await exchange(b)).toEqual({
    told: ['also blocked by 4', 'blocked by 4', 'blocked, too by 4', 'x by 1'],
    lost: true,
  });
  expect(await exchange(b)).toEqual({ told: [], lost: false });
});
