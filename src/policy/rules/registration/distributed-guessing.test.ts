import { describe, expect, test } from 'vitest';
import { aRegistration, aSource, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import type { Counters } from '../../counters.ts';
import type { RegistrationFacts } from '../../facts.ts';
import { distributedGuessing } from './distributed-guessing.ts';

/** How many sources failed at 1001 within ten minutes, an hour, a day. */
const seen = (...[tenMinutes = 0, hour = 0, day = 0]: number[]): Counters => ({
  ...noCounts,
  distinct: (key, seconds) =>
    key !== 'guessers of 1001' ? 0 : seconds === 600 ? tenMinutes : seconds === 3600 ? hour : day,
});
const guard = { by: 'rule', evidence: '8 sources failed, 12 tries' } as const;

describe('distributed-guessing (R13)', () => {
  const rule = distributedGuessing.create(distributedGuessing.options.parse({}), someSite());
  const judge = (facts: Partial<RegistrationFacts>, counts = seen()) =>
    rule.judge(aRegistration(facts), counts);
  const refused = { kind: 'challenge', reason: 'guessed-by-many' };

  test('is on by default', () => {
    expect(distributedGuessing.mode).toBe('on');
  });
  test.each([[[8, 8, 8]], [[1, 15, 15]], [[1, 1, 20]]])(
    'refuses strangers, and blocks none, when %j sources failed at the extension',
    (counts) => {
      expect(judge({}, seen(...counts))).toEqual(refused);
    },
  );
  test('passes below each of the limits', () => {
    expect(judge({}, seen(7, 14, 19)).kind).toBe('pass');
  });
  test('refuses strangers as long as the extension is guarded, whatever is counted', () => {
    expect(judge({ guard })).toEqual(refused);
    expect(judge({ guard, credentials: false }).kind).toBe('pass');
  });
  test.each<[string, Partial<RegistrationFacts>]>([
    ['where the extension is or was registered', { atHome: true }],
    ['where other phones are or were', { source: aSource({ familiar: true }) }],
    ['a device that is registered, wherever it is now', { holder: true }],
    ['who is allowed', { source: aSource({ tier: 'trusted' }) }],
  ])('never refuses %s', (_who, facts) => {
    expect(judge({ guard, ...facts }, seen(99, 99, 99)).kind).toBe('pass');
  });
  test('keeps out who has failed three times there himself, though phones are or were where he is', () => {
    const familiar = { guard, source: aSource({ familiar: true }) };
    const failed = (failures: number): Counters => ({
      ...seen(8, 8, 8),
      failures: (key, seconds) =>
        key === '1001|198.51.100.7' && seconds === 86_400 ? failures : 0,
    });
    expect(judge(familiar, failed(2)).kind).toBe('pass');
    expect(judge(familiar, failed(3))).toEqual(refused);
    expect(judge({ ...familiar, atHome: true }, failed(3)).kind).toBe('pass');
    expect(rule.explain(aRegistration(familiar), failed(3)).saw).toContain('failed too often');
    // as long as nobody else does it, that is the lockout's to say
    const alone = { ...failed(9), distinct: () => 1 };
    expect(judge({ source: familiar.source }, alone).kind).toBe('pass');
  });
  test('keeps those out for the day who were of the many, and nobody else, when there is no guard any more', () => {
    const failed = (key: string, failures: number): Counters => ({
      ...seen(0, 0, 8),
      failures: (asked, seconds) => (asked === key && seconds === 86_400 ? failures : 0),
    });
    const here = '1001|198.51.100.7';
    expect(judge({}, failed(here, 3))).toEqual(refused);
    expect(judge({}, failed(here, 2)).kind).toBe('pass');
    expect(judge({}, failed('1001|192.0.2.1', 99)).kind).toBe('pass');
    expect(judge({}, { ...failed(here, 3), distinct: () => 7 }).kind).toBe('pass');
    const source = aSource({ address: '2001:db8:1:2::3', key: '20010db800010002' });
    expect(judge({ source }, failed('1001|20010db80001', 3))).toEqual(refused);
    expect(rule.explain(aRegistration(), failed(here, 3)).saw).toContain('was one of them');
  });
  test('explains by the guard, and by the window whose limit was reached', () => {
    const { saw, setting, flip } = rule.explain(aRegistration({ guard }), seen(2, 3, 41));
    expect(saw).toMatch(
      /^1001 is guarded \(rule: 8 sources failed, 12 tries\); sources that failed at 1001: 2 within 600 s, /,
    );
    expect(setting).toEqual(['registration', 'distributed-guessing', 'day']);
    expect(flip).toContain('drawbridge unguard 1001');
  });
});
