import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WindowCounts } from './window-counts.ts';

const addMany = (
  counts: WindowCounts,
  key: string,
  seconds: number,
  times: number,
  now: number,
) => {
  let count = 0;
  for (let time = 0; time < times; time++) count = counts.add(key, seconds, now);
  return count;
};

describe('how many in so many seconds', () => {
  test('counts what came, this one included', () => {
    const counts = new WindowCounts(64);
    expect(counts.add('a', 60, 0)).toBe(1);
    expect(counts.add('a', 60, 30_000)).toBe(2);
    expect(counts.count('a', 60, 30_000)).toBe(2);
    expect(counts.count('b', 60, 30_000)).toBe(0);
  });

  test('what came a whole window ago does not count', () => {
    const counts = new WindowCounts(64);
    addMany(counts, 'a', 60, 100, 1000);
    expect(counts.count('a', 60, 52_000)).toBe(100);
    expect(counts.count('a', 60, 61_000)).toBe(0);
    expect(counts.add('a', 60, 3_600_000)).toBe(1);
  });

  test('each window of a key is counted apart', () => {
    const counts = new WindowCounts(64);
    for (let second = 0; second < 40; second++) {
      counts.add('a', 60, second * 1000);
      counts.add('a', 2, second * 1000);
    }
    expect(counts.count('a', 60, 39_000)).toBe(40);
    expect(counts.count('a', 2, 39_000)).toBe(2);
  });

  test('120 in 60 s at an even rate are noticed within the minute, 119 never', () => {
    const most = (perMinute: number) => {
      const counts = new WindowCounts(64);
      const every = 60_000 / perMinute;
      return Math.max(
        ...Array.from({ length: perMinute * 5 }, (_, index) => counts.add('a', 60, index * every)),
      );
    };
    expect(most(120)).toBe(120);
    expect(most(119)).toBeLessThan(120);
  });

  test('a clock that goes back a little loses nothing', () => {
    const counts = new WindowCounts(64);
    addMany(counts, 'a', 60, 10, 1_000_000);
    expect(counts.add('a', 60, 950_000)).toBe(11);
  });

  test('a clock that goes back far does not count together what comes in an hour', () => {
    const counts = new WindowCounts(64);
    addMany(counts, 'a', 60, 10, 7_200_000);
    for (let minute = 0; minute < 60; minute++)
      expect(addMany(counts, 'a', 60, 10, 3_600_000 + minute * 60_000)).toBe(10);
  });

  test('a flood of new keys does not have a busy one forgotten', () => {
    const counts = new WindowCounts(1024);
    let count = 0;
    for (let step = 0; step < 100_000; step++) {
      counts.add(`forged ${step}`, 60, step / 10);
      if (step % 100 === 0) count = counts.add('attacker', 60, step / 10);
    }
    expect(count).toBeGreaterThan(900);
  });

  test('counts all of the last seven eighths, and nothing older than the window', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b'),
      seconds: fc.constantFrom(2, 60),
      wait: fc.integer({ min: 0, max: 3000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const counts = new WindowCounts(1024);
        const seen: { key: string; seconds: number; at: number }[] = [];
        let now = 0;
        for (const { key, seconds, wait } of steps) {
          now += wait;
          seen.push({ key, seconds, at: now });
          const since = (ms: number) =>
            seen.filter((one) => one.key === key && one.seconds === seconds && one.at > now - ms)
              .length;
          const count = counts.add(key, seconds, now);
          expect(count).toBeGreaterThanOrEqual(since(seconds * 875));
          expect(count).toBeLessThanOrEqual(since(seconds * 1000));
          expect(counts.count(key, seconds, now)).toBe(count);
        }
      }),
    );
  });
});
