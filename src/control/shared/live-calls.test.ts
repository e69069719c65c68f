import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ConnectedRedis, connectedRedis } from '../../../test/support/connected-redis.ts';
import { LiveCalls } from './live-calls.ts';

let connected: ConnectedRedis;
let a: LiveCalls;
let b: LiveCalls;

beforeAll(async () => {
  connected = await connectedRedis();
});
afterAll(() => connected?.close());
beforeEach(async () => {
  await connected.redis.call('flushall');
  [a, b] = ['a', 'b'].map((node) => new LiveCalls(connected.redis, 'test', node)) as [
    LiveCalls,
    LiveCalls,
  ];
});

const KEY = 'extension:1001';

/** How many the others have where a node asks for room for one. */
const asks = async (node: LiveCalls, others: string, calls = 1): Promise<number | undefined> =>
  (await node.take([{ key: KEY, calls, most: 1 }], [others])).get(KEY);

test('the only place is one node’s, until that has told that its call is over', async () => {
  expect(await asks(a, 'b')).toBe(0);
  expect(await asks(b, 'a')).toBe(1);
  a.set([[KEY, 1]]);
  await a.exchange();
  expect(await asks(b, 'a')).toBe(1);
  a.set([[KEY, 0]]);
  await a.exchange();
  expect(await asks(b, 'a')).toBe(0);
});

test.each([
  [
    'before',
    async (ask: () => Promise<unknown>, tell: () => Promise<unknown>) => {
      await ask();
      await tell();
    },
  ],
  [
    'while',
    async (ask: () => Promise<unknown>, tell: () => Promise<unknown>) => {
      await Promise.all([ask(), tell()]);
    },
  ],
])(
  'a place that is taken %s it is told that the call before is over stays taken',
  async (_when, both) => {
    a.set([[KEY, 1]]);
    await a.exchange();
    a.set([[KEY, 0]]);
    await both(
      () => asks(a, 'b'),
      () => a.exchange(),
    );
    expect(await asks(b, 'a')).toBe(1);
  },
);

test('so it does where all is told anew', async () => {
  await a.exchange();
  a.tellAgain();
  await Promise.all([asks(a, 'b'), a.exchange()]);
  expect(await asks(b, 'a')).toBe(1);
});

test('one that was refused holds nothing once its node has told so', async () => {
  await asks(b, 'a');
  expect(await asks(a, 'b')).toBe(1);
  a.set([[KEY, 0]]);
  await a.exchange();
  b.set([[KEY, 0]]);
  await b.exchange();
  expect([await asks(a, 'b'), await asks(b, 'a')]).toEqual([0, 1]);
});
