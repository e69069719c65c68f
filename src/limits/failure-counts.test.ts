import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FailureCounts } from './failure-counts.ts';

const MINUTE = 60_000;
const kinds = ['wrong-password', 'wrong-register-name', 'unknown-extension'] as const;
const aTable = (mostKeys = 64) =>
  new FailureCounts(kinds, { mostKeys, keepMs: 24 * 60 * MINUTE, remember: 64 });

describe('failures', () => {
  test('are counted within any window', () => {
    const failures = aTable();
    for (let minute = 0; minute < 40; minute++)
      failures.note('a', 'wrong-password', minute * MINUTE);
    expect(failures.count('a', 30 * MINUTE, 39 * MINUTE)).toBe(30);
    expect(failures.count('a', 2 * MINUTE, 39 * MINUTE)).toBe(2);
    expect(failures.count('a', 30 * MINUTE, 100 * MINUTE)).toBe(0);
    expect(failures.count('b', 30 * MINUTE, 39 * MINUTE)).toBe(0);
  });

  test('that were before the clock went back count no more, and those since do', () => {
    const failures = aTable();
    for (let times = 0; times < 10; times++) failures.note('a', 'wrong-password', 600 * MINUTE);
    expect(failures.count('a', 30 * MINUTE, 500 * MINUTE)).toBe(0);
    failures.note('a', 'wrong-password', 500 * MINUTE);
    expect(failures.count('a', 30 * MINUTE, 501 * MINUTE)).toBe(1);
  });

  test('are told apart by kind', () => {
    const failures = aTable();
    failures.note('a', 'wrong-password', 0);
    failures.note('a', 'unknown-extension', 1);
    failures.note('a', 'unknown-extension', 2);
    expect(failures.count('a', MINUTE, 2, ['unknown-extension'])).toBe(2);
    expect(failures.count('a', MINUTE, 2, ['wrong-password', 'unknown-extension'])).toBe(3);
    expect(failures.count('a', MINUTE, 2, ['wrong-register-name'])).toBe(0);
  });

  test('the last one is known, with its kind', () => {
    const failures = aTable();
    expect(failures.last('a')).toBeUndefined();
    failures.note('a', 'wrong-password', 5);
    failures.note('a', 'wrong-register-name', 9);
    expect(failures.last('a')).toEqual({ kind: 'wrong-register-name', at: 9 });
  });

  test('are forgotten once cleared, of that key only', () => {
    const failures = aTable();
    failures.note('1001|192.0.2.1', 'wrong-password', 0);
    failures.note('1001|192.0.2.2', 'wrong-password', 0);
    failures.clear('1001|192.0.2.1');
    failures.clear('1001|192.0.2.3');
    expect(failures.count('1001|192.0.2.1', MINUTE, 0)).toBe(0);
    expect(failures.last('1001|192.0.2.1')).toBeUndefined();
    expect(failures.count('1001|192.0.2.2', MINUTE, 0)).toBe(1);
  });

  test('of one kind are not hidden behind any number of another', () => {
    const failures = aTable();
    for (let guess = 0; guess < 9; guess++) failures.note('a', 'wrong-password', guess);
    for (let now = 10; now < 1000; now++) failures.note('a', 'unknown-extension', now);
    expect(failures.count('a', MINUTE, 1000, ['wrong-password'])).toBe(9);
    expect(failures.count('a', MINUTE, 1000)).toBe(9 + 64);
  });

  test('beyond what is remembered of one key the count stays there', () => {
    const failures = aTable();
    for (let now = 0; now < 10_000; now++) failures.note('a', 'wrong-password', now);
    expect(failures.count('a', MINUTE, 10_000)).toBe(64);
  });

  test('a flood of keys that fail once does not have a guesser forgotten', () => {
    const failures = aTable(1024);
    for (let guess = 0; guess < 9; guess++) failures.note('guesser', 'wrong-password', guess);
    for (let key = 0; key < 100_000; key++)
      failures.note(`${key}`, 'unknown-extension', 10 + key / 100);
    expect(failures.count('guesser', 30 * MINUTE, 2000)).toBe(9);
  });

  test('who takes over a place has none of what was there', () => {
    const failures = aTable(8);
    for (let key = 0; key < 1000; key++) {
      failures.note(`${key}`, 'wrong-password', key * MINUTE);
      expect(failures.count(`${key}`, 1e12, key * MINUTE)).toBe(1);
    }
  });

  test('agree with a list of all that happened', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b'),
      kind: fc.constantFrom(...kinds),
      wait: fc.integer({ min: 0, max: 10 * MINUTE }),
      clear: fc.integer({ min: 0, max: 20 }).map((number) => number === 0),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const failures = new FailureCounts(kinds, {
          mostKeys: 64,
          keepMs: 60 * MINUTE,
          remember: 20,
        });
        let model: { key: string; kind: string; at: number }[] = [];
        let now = 0;
        for (const { key, kind, wait, clear } of steps) {
          now += wait;
          if (clear) {
            failures.clear(key);
            model = model.filter((one) => one.key !== key);
          }
          failures.note(key, kind, now);
          model.push({ key, kind, at: now });
          for (const within of [MINUTE, 30 * MINUTE, 60 * MINUTE]) {
            const recent = kinds.flatMap((one) =>
              model.filter((past) => past.key === key && past.kind === one).slice(-20),
            );
            const inside = recent.filter(({ at }) => at > now - within);
            const ofKind = inside.filter((past) => past.kind === kind);
            expect(failures.count(key, within, now)).toBe(inside.length);
            expect(failures.count(key, within, now, [kind])).toBe(ofKind.length);
            expect(failures.last(key)?.at).toBe(now);
          }
        }
      }),
    );
  });
});
