import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BucketTable } from './bucket-table.ts';

const takeMany = (table: BucketTable, key: string, times: number, now: number, burst = 40) =>
  Array.from({ length: times }, () => table.take(key, 20, burst, now)).filter(Boolean).length;

describe('token buckets', () => {
  test('a burst passes, and not one more', () => {
    expect(takeMany(new BucketTable(64), 'a', 100, 0)).toBe(40);
  });

  test('what was taken comes back at its rate, and never beyond the burst', () => {
    const table = new BucketTable(64);
    takeMany(table, 'a', 40, 0);
    expect(takeMany(table, 'a', 100, 1000)).toBe(20);
    expect(takeMany(table, 'a', 100, 3_600_000)).toBe(40);
  });

  test('each key has its own', () => {
    const table = new BucketTable(64);
    takeMany(table, 'a', 100, 0);
    expect(takeMany(table, 'b', 100, 0)).toBe(40);
  });

  test('to peek takes nothing', () => {
    const table = new BucketTable(64);
    for (let times = 0; times < 100; times++) expect(table.peek('a', 1, 1, 0)).toBe(true);
    expect(table.take('a', 1, 1, 0)).toBe(true);
    expect(table.peek('a', 1, 1, 0)).toBe(false);
    expect(table.peek('a', 1, 1, 1000)).toBe(true);
  });

  test('being refused costs nothing: who goes on at once the rate is served at the rate', () => {
    const table = new BucketTable(64);
    let passed = 0;
    for (let now = 0; now < 10_000; now++) if (table.take('a', 10, 1, now)) passed++;
    expect(passed).toBe(100);
  });

  test('a clock that goes back costs at most one burst’s wait', () => {
    const table = new BucketTable(64);
    takeMany(table, 'a', 40, 1_000_000);
    expect(table.take('a', 20, 40, 950_000)).toBe(false);
    expect(takeMany(table, 'a', 100, 951_000)).toBe(20);
    takeMany(table, 'b', 20, 1_000_000);
    expect(table.take('b', 20, 40, 999_999)).toBe(true);
  });

  test('a clock that goes back far costs nothing', () => {
    const table = new BucketTable(64);
    takeMany(table, 'a', 40, 7_200_000);
    expect(takeMany(table, 'a', 100, 3_600_000)).toBe(40);
  });

  test('a smaller burst holds at once after a reload, a larger one gives room', () => {
    const table = new BucketTable(64);
    takeMany(table, 'a', 40, 0);
    expect(table.take('a', 20, 5, 0)).toBe(false);
    expect(table.take('a', 20, 5, 50)).toBe(true);
    takeMany(table, 'b', 40, 0);
    expect(takeMany(table, 'b', 100, 0, 50)).toBe(10);
  });

  test('time in whole milliseconds since 1970 loses no token of a burst', () => {
    expect(takeMany(new BucketTable(64), 'a', 1000, Date.UTC(2026, 0, 1), 300)).toBe(300);
  });

  test('a flood of new keys does not get an empty bucket filled', () => {
    const table = new BucketTable(1024);
    takeMany(table, 'attacker', 40, 0);
    for (let key = 0; key < 200_000; key++) table.take(`forged ${key}`, 20, 40, key / 1000);
    expect(takeMany(table, 'attacker', 100, 200)).toBe(4);
  });

  test('agrees with buckets that are counted in tokens', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      wait: fc.integer({ min: 0, max: 400 }),
      peek: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 5, 10, 20),
        fc.integer({ min: 1, max: 10 }),
        fc.array(step, { maxLength: 200 }),
        (perSecond, burst, steps) => {
          const table = new BucketTable(64);
          const model = new Map<string, { thousandths: number; at: number }>();
          let now = 0;
          for (const { key, wait, peek } of steps) {
            now += wait;
            const { thousandths, at } = model.get(key) ?? { thousandths: burst * 1000, at: now };
            const held = Math.min(burst * 1000, thousandths + (now - at) * perSecond);
            const passes = held >= 1000;
            const taken = passes && !peek ? 1000 : 0;
            model.set(key, { thousandths: held - taken, at: now });
            expect(table[peek ? 'peek' : 'take'](key, perSecond, burst, now)).toBe(passes);
          }
        },
      ),
    );
  });
});
