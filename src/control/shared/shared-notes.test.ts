import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type RedisServer, startRedis } from '../../../test/support/redis-server.ts';
import type { Note } from '../../edge/other-nodes.ts';
import { openRedis, type RedisClient } from './redis-client.ts';
import { SharedNotes } from './shared-notes.ts';

const MOST_BYTES = 4_000_000;

let server: RedisServer;
let redis: RedisClient;

beforeAll(async () => {
  server = await startRedis();
  redis = openRedis(
    {
      servers: [{ at: { host: server.address, port: server.port }, tls: false, database: 0 }],
      ...{ kind: 'single', sentinelName: '', user: null, password: '', sentinelPassword: '' },
      ...{ prefix: 'test', exchangeMs: 250, leaseMs: 100, drachtioBlacklist: null },
    },
    () => {},
  );
  const ping = () => redis.call('ping').catch(() => undefined);
  while ((await ping()) !== 'PONG') await sleep(20);
});
afterAll(async () => {
  redis?.close();
  await server?.close();
});
beforeEach(() => redis.call('flushall'));

const notes = () =>
  new SharedNotes(redis, 'test', 'failures', { entries: 50_000, bytes: MOST_BYTES });
const failed = (extension: string): Note => ({
  ...{ kind: 'failed', extension, source: '192.0.2.1', failure: 'password-wrong' },
  at: Date.now(),
});
const bytesInRedis = async (): Promise<number> =>
  Number(await redis.call('memory', 'usage', 'test:{failures}', 'samples', 0));

test('however many fail, what is told of it takes no more room than it may', async () => {
  const [a, b] = [notes(), notes()];
  let most = 0;
  for (let round = 0; round < 50; round++) {
    a.add(
      Array.from({ length: 2000 }, (_, index) => failed(`${round}-${index}-${'9'.repeat(200)}`)),
    );
    await a.exchange(() => {});
    most = Math.max(most, await bytesInRedis());
  }
  expect(most).toBeLessThan(2 * MOST_BYTES);
  // the latest of it is there
  const heard: string[] = [];
  await b.exchange((some) => {
    for (const one of some) if (one.kind === 'failed') heard.push(one.extension.slice(0, 7));
  });
  expect(heard.length).toBeGreaterThan(2000);
  expect(heard.at(-1)).toBe('49-1999');
}, 30_000);

test('a name that nobody can have is told to nobody, and what came with it is', async () => {
  const [a, b] = [notes(), notes()];
  a.add([failed('x'.repeat(16_000)), failed('1001')]);
  await a.exchange(() => {});
  expect(await bytesInRedis()).toBeLessThan(10_000);
  const heard: Note[] = [];
  await b.exchange((some) => heard.push(...some));
  expect(heard).toMatchObject([{ extension: '1001' }]);
});
