import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type RedisServer, startRedis } from '../../../test/support/redis-server.ts';
import { sharedBy } from '../../../test/support/shared-by.ts';
import { clusterEvent, clusterNotes } from '../recorded-news.ts';
import { openSharedState, type SharedState } from './shared-state.ts';

let server: RedisServer;
let shared: SharedState;
const opened: SharedState[] = [];

beforeAll(async () => {
  server = await startRedis();
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(opened.splice(0).map((one) => one.close()));
});
afterAll(() => server?.close());

/** A node of its own, and what it records. */
function node(told: string[] = []): readonly string[] {
  const recorded: string[] = [];
  shared = openSharedState({
    cluster: sharedBy(server, 'a'),
    ...{ identity: 'a', log: pino({ level: 'silent' }) },
    ...{ told() {}, tellAll() {}, taken() {}, answered() {} },
    others: (alone, nodes) =>
      told.push(`${alone ? 'alone' : 'with'} ${nodes.map(({ name }) => name)}`),
    changed: (status, what) => {
      const { level, text } = clusterEvent(status, what);
      recorded.push(`${level}: ${text}`);
    },
  });
  opened.push(shared);
  return recorded;
}

/** The clock of this node is ahead by that from now on. */
function ahead(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms, shouldAdvanceTime: true });
}

test.each([
  [3_600_000, '3,600 s ahead of'],
  [-90_000, '90 s behind'],
])('a clock that is off by %d ms from Redis is said, until it is right again', async (ms, off) => {
  const recorded = node();
  await expect.poll(() => shared.status.connected).toBe(true);
  await sleep(200);
  expect(clusterNotes(shared.status)).toEqual([]);

  ahead(ms);
  const text = `the clock of this node is ${off} Redis’`;
  await expect.poll(() => clusterNotes(shared.status)).toEqual([`note: ${text}`]);
  vi.useRealTimers();
  await expect.poll(() => clusterNotes(shared.status)).toEqual([]);
  expect(recorded).toEqual([
    'info: Redis is reached',
    `warn: ${text}`,
    'info: the clock of this node is right again',
  ]);
});

test('a node that finds a Redis which began anew is alone until those who were there are back', async () => {
  const told: string[] = [];
  node(told);
  const other = (name: string) =>
    server.ask('hset', 'test:{nodes}', name, `${Date.now()} ${name} {"uri":"sip:${name}"}`);
  await other('b');
  await expect.poll(() => told.at(-1), { timeout: 5000 }).toBe('with b');

  await server.kill();
  await expect.poll(() => told.at(-1), { timeout: 5000 }).toBe('alone b');
  await server.start();
  await expect.poll(() => shared.status.connected, { timeout: 5000 }).toBe(true);
  await sleep(300);
  expect(told.at(-1)).toBe('alone ');
  await other('b');
  await expect.poll(() => told.at(-1), { timeout: 5000 }).toBe('with b');

  // one that died meanwhile is not waited for longer than it would have been missed
  await server.kill();
  await expect.poll(() => told.at(-1), { timeout: 5000 }).toBe('alone b');
  await server.start();
  await expect.poll(() => told.at(-1), { timeout: 10_000 }).toBe('with ');
}, 30_000);

test('two machines that are alike in name and folder are told from one that was started again', async () => {
  node();
  const first = shared;
  await expect.poll(() => first.status.connected, { timeout: 10_000 }).toBe(true);
  await sleep(200);
  node();
  const second = shared;
  await expect.poll(() => second.status.connected, { timeout: 10_000 }).toBe(true);
  await expect
    .poll(() => first.status.why, { timeout: 5000 })
    .toBe('another node has the name of this one (a): set cluster.node.name');
  await sleep(500);
  expect([first.status.connected, second.status.connected]).toEqual([false, true]);

  // as after a restart, and when the other is gone
  await second.close();
  node();
  await expect.poll(() => shared.status.connected, { timeout: 4000 }).toBe(true);
  await shared.close();
  await expect.poll(() => first.status.connected, { timeout: 10_000 }).toBe(true);
}, 30_000);

test('what was told last before the end is told to the others', async () => {
  node();
  await expect.poll(() => shared.status.connected, { timeout: 10_000 }).toBe(true);
  await sleep(100);
  const deletes = [{ extension: '7', at: Date.now() }];
  shared.share({ kind: 'guards', batch: 1, upserts: [], deletes });
  shared.notes([{ kind: 'pin-failed', key: 'last', at: Date.now() }]);
  await shared.close();
  expect(await server.ask('xrange', 'test:{failures}', '-', '+')).toContain('"key":"last"');
  expect(await server.ask('hkeys', 'test:{guards}:rows')).toBe('7');
});
