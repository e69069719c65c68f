import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConnectedRedis, connectedRedis } from '../../../test/support/connected-redis.ts';
import type { Note } from '../../edge/other-nodes.ts';
import { LiveCalls } from './live-calls.ts';
import type { RedisClient } from './redis-client.ts';
import { SharedNotes } from './shared-notes.ts';

let connected: ConnectedRedis;
let redis: RedisClient;

beforeAll(async () => {
  connected = await connectedRedis();
  ({ redis } = connected);
});
afterAll(() => connected?.close());

test('calls that the last snapshot did not have take their places again', async () => {
  const [a, b] = ['a', 'b'].map((node) => new LiveCalls(redis, 'test', node));
  const held = async () =>
    (await b?.take([{ key: 'from 1001', calls: 1, most: 9 }], ['a']))?.get('from 1001');
  a?.set([['from 1001', 1]]);
  await a?.exchange();
  await connected.server.ask('save');
  a?.set([['from 1001', 3]]);
  await a?.exchange();
  expect(await held()).toBe(3);

  await connected.server.kill();
  await connected.server.start();
  await connected.answers();
  a?.tellAgain();
  await a?.exchange();
  expect(await held()).toBe(3);
});

test('what is told to a Redis whose clock is behind the one before is heard, once', async () => {
  const [a, b] = ['a', 'b'].map(
    () => new SharedNotes(redis, 'test', 'failures', { entries: 100, bytes: 1_000_000 }),
  );
  const heard: number[] = [];
  const hear = () => b?.exchange((notes) => heard.push(...notes.map(({ at }) => at)));
  const at = Date.now();
  const note = (later: number): Note => ({ kind: 'pin-failed', key: '1001', at: at + later });
  a?.add([note(1)]);
  await a?.exchange(() => {});
  await redis.call('xsetid', 'test:{failures}', `${at + 3_600_000}-0`);
  a?.add([note(2)]);
  await a?.exchange(() => {});
  await hear();

  await redis.call('flushall');
  b?.hearAgain();
  a?.add([note(3)]);
  await a?.exchange(() => {});
  await hear();
  b?.hearAgain();
  await hear();
  expect(heard).toEqual([at + 1, at + 2, at + 3]);
});
