import { describe, expect, test } from 'vitest';
import { aRegistration, aSource, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import type { Counters } from '../../counters.ts';
import { spreadGuessing } from './spread-guessing.ts';

/** How many within ten minutes, an hour, a day. */
const seen = (wanted: string, ...[tenMinutes = 0, hour = 0, day = 0]: number[]): Counters => ({
  ...noCounts,
  distinct: (key, seconds) =>
    key !== wanted ? 0 : seconds === 600 ? tenMinutes : seconds === 3600 ? hour : day,
});

describe('spread-guessing (R13)', () => {
  const rule = spreadGuessing.create(spreadGuessing.options.parse({}), someSite());
  const at = (...counts: number[]) => seen('guessed by 198.51.100.7', ...counts);

  test.each([
    ['minutes', [6, 6, 6]],
    ['an hour', [1, 10, 10]],
    ['a day', [1, 1, 20]],
  ])('blocks a source that fails at too many extensions over %s', (_window, counts) => {
    expect(rule.judge(aRegistration(), at(...counts))).toEqual({
      kind: 'challenge',
      reason: 'guessing-many-extensions',
      block: { seconds: 3600 },
    });
  });
  test('passes one below each of the limits', () => {
    expect(rule.judge(aRegistration(), at(5, 9, 19)).kind).toBe('pass');
  });
  test('at an address where phones are registered only minutes count, and nobody is blocked', () => {
    const shared = aRegistration({ shared: true });
    expect(rule.judge(shared, at(5, 500, 500)).kind).toBe('pass');
    expect(rule.judge(shared, at(6, 6, 6))).toEqual({
      kind: 'challenge',
      reason: 'guessing-many-extensions',
    });
    expect(rule.judge(aRegistration({ shared: true, holder: true }), at(6, 6, 6)).kind).toBe(
      'pass',
    );
  });
  describe('of a /48', () => {
    const source = aSource({ address: '2001:db8:1:2::7', key: '20010db800010002' });
    const around = (...counts: number[]) => seen('guessed by 20010db80001', ...counts);
    test.each([
      ['minutes', [18, 18, 18]],
      ['an hour', [1, 30, 30]],
      ['a day', [1, 1, 60]],
    ])('refuses all three times as many over %s, and blocks nobody', (_window, counts) => {
      expect(rule.judge(aRegistration({ source }), around(...counts))).toEqual({
        kind: 'challenge',
        reason: 'guessing-many-extensions',
      });
    });
    test('passes those below, and those at whose source phones are known', () => {
      const many = around(500, 500, 500);
      const familiar = { ...source, familiar: true };
      expect(rule.judge(aRegistration({ source }), around(17, 29, 59)).kind).toBe('pass');
      expect(rule.judge(aRegistration({ source: familiar }), many).kind).toBe('pass');
      expect(rule.judge(aRegistration({ source, atHome: true }), many).kind).toBe('pass');
      expect(rule.judge(aRegistration({ source, holder: true }), many).kind).toBe('pass');
    });
    test('says so', () => {
      const { saw } = rule.explain(aRegistration({ source }), around(2, 31, 32));
      expect(saw).toContain('its /48 at: 2 within 600 s, 31 within 3600 s');
    });
  });
  test('explains by the window whose limit was reached', () => {
    expect(rule.explain(aRegistration(), at(2, 11, 12))).toMatchObject({
      saw: '198.51.100.7 failed at extensions: 2 within 600 s, 11 within 3600 s, 12 within 86400 s',
      setting: ['registration', 'spread-guessing', 'hour'],
    });
  });
});
