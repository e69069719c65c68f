import { describe, expect, test } from 'vitest';
import type { RecordKind, RecordOf } from './dns-message.ts';
import { createRecordCache, type RecordCacheOptions } from './record-cache.ts';

/** A cache over a DNS that a test answers for by hand. */
function byHand(options: Partial<RecordCacheOptions> = {}) {
  const clock = { ms: 0 };
  const asked: string[] = [];
  const failures: unknown[] = [];
  const dns = {
    records: ['192.0.2.1'] as string[],
    ttlSeconds: 60,
    fails: false,
  };
  const cache = createRecordCache({
    now: () => clock.ms,
    maxEntries: 100,
    maxAsking: 10,
    staleSeconds: 600,
    onFailure: (problem) => failures.push(problem),
    async query<Kind extends RecordKind>(name: string) {
      asked.push(name);
      if (dns.fails) throw new Error('no DNS server answered');
      const records = [...dns.records] as RecordOf[Kind][];
      return { records, ttlSeconds: dns.ttlSeconds };
    },
    ...options,
  });
  const at = (seconds: number) => {
    clock.ms = seconds * 1000;
    return cache.known('pbx.test', 'A');
  };
  return { cache, clock, asked, dns, failures, at };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('what was not asked is not known', () => {
  expect(byHand().at(0)).toBeUndefined();
});

test('an answer is known until its TTL ends, and no longer', async () => {
  const { cache, at } = byHand();
  await cache.fetch('pbx.test', 'A');
  expect(at(0)).toEqual(['192.0.2.1']);
  expect(at(59.9)).toEqual(['192.0.2.1']);
  const untouched = byHand();
  await untouched.cache.fetch('pbx.test', 'A');
  expect(untouched.at(60)).toBeUndefined();
});

test('a name in use is renewed before it expires, so that nobody waits', async () => {
  const { cache, at, asked, dns } = byHand();
  await cache.fetch('pbx.test', 'A');
  dns.records = ['192.0.2.2'];
  expect(at(50)).toEqual(['192.0.2.1']);
  expect(asked).toHaveLength(1);
  expect(at(55)).toEqual(['192.0.2.1']);
  await settled();
  expect(asked).toHaveLength(2);
  expect(at(100)).toEqual(['192.0.2.2']);
});

test('one question is asked once, however many wait for it', async () => {
  const { cache, asked } = byHand();
  await Promise.all(Array.from({ length: 20 }, () => cache.fetch('pbx.test', 'A')));
  await Promise.all([cache.fetch('other.test', 'A'), cache.fetch('pbx.test', 'AAAA')]);
  expect(asked).toEqual(['pbx.test', 'other.test', 'pbx.test']);
});

test('that there is none is known as well, for five minutes at most', async () => {
  const { cache, at, dns } = byHand();
  Object.assign(dns, { records: [], ttlSeconds: 86_400 });
  await cache.fetch('pbx.test', 'A');
  expect(at(299)).toEqual([]);
  expect(at(300 * 1000)).toBeUndefined();
});

test.each([
  ['zero holds for a second', 0, 0.9, 1],
  ['a month holds for a day', 30 * 86_400, 86_000, 86_401],
])('a TTL of %s', async (_what, ttlSeconds, known, unknown) => {
  for (const [seconds, expected] of [
    [known, ['192.0.2.1']],
    [unknown, undefined],
  ] as const) {
    const { cache, at, dns } = byHand();
    dns.ttlSeconds = ttlSeconds;
    await cache.fetch('pbx.test', 'A');
    expect(at(seconds)).toEqual(expected);
  }
});

describe('while no server answers', () => {
  test('the old answer is used on, asked for again every five seconds, and not for ever', async () => {
    const { cache, at, asked, dns, failures } = byHand();
    await cache.fetch('pbx.test', 'A');
    dns.fails = true;
    await settled();
    at(61);
    await cache.fetch('pbx.test', 'A');
    expect(at(61)).toEqual(['192.0.2.1']);
    for (let second = 62; second < 162; second++) {
      expect(at(second)).toEqual(['192.0.2.1']);
      await settled();
    }
    expect(asked.length).toBeGreaterThan(15);
    expect(asked.length).toBeLessThan(25);
    expect(failures.length).toBe(asked.length - 1);
    expect(at(60 + 599)).toEqual(['192.0.2.1']);
    await settled();
    expect(at(60 + 601)).toBeUndefined();
  });

  test('a name never heard of counts as leading nowhere, for five seconds', async () => {
    const { cache, at, dns } = byHand();
    dns.fails = true;
    await cache.fetch('pbx.test', 'A');
    expect(at(4)).toEqual([]);
    dns.fails = false;
    expect(at(5)).toBeUndefined();
    await cache.fetch('pbx.test', 'A');
    expect(at(5)).toEqual(['192.0.2.1']);
  });

  test('the new answer is used as soon as there is one', async () => {
    const { cache, at, dns } = byHand();
    await cache.fetch('pbx.test', 'A');
    dns.fails = true;
    at(70);
    await cache.fetch('pbx.test', 'A');
    Object.assign(dns, { fails: false, records: ['192.0.2.9'] });
    at(76);
    await settled();
    expect(at(76)).toEqual(['192.0.2.9']);
  });
});

describe('what strangers can make it do is bounded', () => {
  test('the name unused for longest is forgotten', async () => {
    const { cache } = byHand({ maxEntries: 3 });
    for (const name of ['a.test', 'b.test', 'c.test']) await cache.fetch(name, 'A');
    cache.known('a.test', 'A');
    await cache.fetch('d.test', 'A');
    expect(cache.size).toBe(3);
    expect(cache.known('a.test', 'A')).toBeDefined();
    expect(cache.known('b.test', 'A')).toBeUndefined();
  });

  test('beyond so many questions at once the next is not asked', async () => {
    const { cache, asked } = byHand({ maxAsking: 2 });
    const waiting = ['a.test', 'b.test', 'c.test'].map((name) => cache.fetch(name, 'A'));
    expect(cache.asking).toBe(2);
    await Promise.all(waiting);
    expect(asked).toEqual(['a.test', 'b.test']);
    expect(cache.known('c.test', 'A')).toEqual([]);
    expect(cache.asking).toBe(0);
  });
});
