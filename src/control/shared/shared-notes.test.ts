import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ConnectedRedis, connectedRedis } from '../../../test/support/connected-redis.ts';
import type { Note } from '../../edge/other-nodes.ts';
import type { RedisClient } from './redis-client.ts';
import { SharedNotes } from './shared-notes.ts';

const MOST_BYTES = 4_000_000;

let connected: ConnectedRedis;
let redis: RedisClient;

beforeAll(async () => {
  connected = await connectedRedis();
  ({ redis } = connected);
});
afterAll(() => connected?.close());
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

test('of a name that nobody can have the beginning is told, and of a call what else it counts under', async () => {
  const [a, b] = [notes(), notes()];
  const long = 'x'.repeat(16_000);
  const at = Date.now();
  a.add([failed(long), failed('1001'), { kind: 'pin-failed', key: long, at }]);
  a.add([{ kind: 'call', keys: [`caller:${long}`, 'called:4930123'], at }]);
  await a.exchange(() => {});
  expect(await bytesInRedis()).toBeLessThan(10_000);
  const heard: Note[] = [];
  await b.exchange((some) => heard.push(...some));
  expect(heard).toMatchObject([
    { extension: 'x'.repeat(255) },
    { extension: '1001' },
    { kind: 'call', keys: ['called:4930123'] },
  ]);
});
