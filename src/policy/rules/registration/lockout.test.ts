import { describe, expect, test } from 'vitest';
import { aRegistration, aSource, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import type { Counters } from '../../counters.ts';
import { lockout } from './lockout.ts';

const SOURCE = '198.51.100.7';
const HERE = `1001|${SOURCE}`;

const rule = (options: object = {}) => lockout.create(lockout.options.parse(options), someSite());
/** So many failures under each key, and so many tries within the minute. */
const counted = (failures: Readonly<Record<string, number>>, tries = 1): Counters => ({
  ...noCounts,
  failures: (key, _seconds, _at, kind) =>
    kind === undefined || kind === 'password-wrong' ? (failures[key] ?? 0) : 0,
  within: () => tries,
});
const judged = (
  failures: Readonly<Record<string, number>>,
  facts: Parameters<typeof aRegistration>[0] = {},
  tries?: number,
) => rule().judge(aRegistration(facts), counted(failures, tries));

describe('lockout (R6)', () => {
  test('locks an extension for the source that failed ten times at it', () => {
    expect(judged({ [HERE]: 9, [SOURCE]: 9 }).kind).toBe('pass');
    expect(judged({ [HERE]: 10, [SOURCE]: 10 })).toEqual({
      kind: 'challenge',
      reason: 'locked-out',
    });
  });
  test('does not lock it for another source', () => {
    expect(judged({ '1001|203.0.113.9': 1000, '203.0.113.9': 1000 }).kind).toBe('pass');
  });
  test('locks it for a /48 of IPv6 that failed thirty times at it, whichever /64 those were, but where phones are known', () => {
    const source = aSource({ address: '2001:db8:1:2::3', key: '20010db800010002' });
    const failed = (count: number) => ({ '1001|20010db80001': count });
    const locked = { kind: 'challenge', reason: 'locked-out' };
    expect(judged(failed(29), { source }).kind).toBe('pass');
    expect(judged(failed(30), { source })).toEqual(locked);
    expect(judged(failed(30), { source, atHome: true }).kind).toBe('pass');
    expect(judged(failed(30), { source: { ...source, familiar: true } }).kind).toBe('pass');
    const { saw, flip } = rule().explain(aRegistration({ source }), counted(failed(31)));
    expect(saw).toContain('31 of its /48');
    expect(flip).toBe('wait until less than 30 are younger than 1800 s');
  });
  test('blocks a source that failed ten times at several extensions', () => {
    expect(judged({ [HERE]: 1, [SOURCE]: 9 }).kind).toBe('pass');
    expect(judged({ [HERE]: 1, [SOURCE]: 10 })).toEqual({
      kind: 'challenge',
      reason: 'guessing',
      block: { seconds: 1800 },
    });
  });
  test('blocks one that goes on in haste though locked out, not one that tries every half minute', () => {
    expect(judged({ [HERE]: 10 }, {}, 2)).not.toHaveProperty('block');
    expect(judged({ [HERE]: 10 }, {}, 21)).toHaveProperty('block', { seconds: 1800 });
  });
  test.each([
    ['a device that is registered', { holder: true }],
    ['a REGISTER without credentials', { credentials: false }],
    ['a source on the allow list', { source: { ...aRegistration().source, tier: 'trusted' } }],
  ] as const)('passes %s, whatever was counted', (_who, facts) => {
    expect(judged({ [HERE]: 1000, [SOURCE]: 1000 }, facts).kind).toBe('pass');
  });
  test('does not hold one phone’s failures against others at an address where phones are registered', () => {
    expect(judged({ '1002|198.51.100.7': 500, [SOURCE]: 500 }, { shared: true }).kind).toBe('pass');
    expect(judged({ [HERE]: 10 }, { shared: true }, 1000)).toEqual({
      kind: 'challenge',
      reason: 'locked-out',
    });
  });
  test('explains by the numbers, told apart by kind', () => {
    const { saw, setting, flip } = rule().explain(aRegistration(), counted({ [HERE]: 12 }));
    expect(saw).toBe(
      '12 failures of 198.51.100.7 at 1001 (password-wrong 12), 0 in all, within 1800 s',
    );
    expect(setting).toEqual(['registration', 'lockout', 'failures']);
    expect(flip).toBe('wait until less than 10 are younger than 1800 s');
  });
  test('blocks nobody where the operator says 0', () => {
    const gentle = rule({ blockSeconds: 0 });
    expect(gentle.judge(aRegistration(), counted({ [SOURCE]: 10 }))).not.toHaveProperty('block');
  });
});
