import { describe, expect, test } from 'vitest';
import {
  aCall,
  aNumber,
  aSource,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';
import type { Counters } from '../../counters.ts';
import type { CallFacts } from '../../facts.ts';
import { rotatingPrefixes, tailOf } from './rotating-prefixes.ts';

const seen = (...[tenMinutes = 0, hour = 0, day = 0]: number[]): Counters => ({
  ...noCounts,
  distinct: (key, seconds) =>
    key !== 'spellings of 79460123'
      ? 0
      : seconds === 600
        ? tenMinutes
        : seconds === 3600
          ? hour
          : day,
});
const number = aNumber({ kind: 'unknown', digits: '900442079460123' });
const stranger: Partial<CallFacts> = { registered: false, source: aSource(), dialled: number };

describe('rotating-prefixes (O14)', () => {
  const site = someSite();
  const rule = rotatingPrefixes.create(rotatingPrefixes.options.parse({}), site);
  const judge = (facts: Partial<CallFacts>, counts = seen(9, 9, 9)) =>
    rule.judge(aCall(facts), counts);

  test.each([[[4, 4, 4]], [[1, 6, 6]], [[1, 1, 10]]])(
    'refuses and blocks a stranger once the number was tried behind %j prefixes',
    (counts) => {
      expect(judge(stranger, seen(...counts))).toEqual({
        kind: 'reject',
        status: 403,
        reason: 'prefixes-rotate',
        block: { seconds: 3600 },
      });
    },
  );
  test('passes below each of the limits, and other numbers', () => {
    expect(judge(stranger, seen(3, 5, 9)).kind).toBe('pass');
    const other = aNumber({ kind: 'unknown', digits: '900442079460124' });
    expect(judge({ ...stranger, dialled: other }).kind).toBe('pass');
  });
  test.each<[string, Partial<CallFacts>]>([
    ['a phone that is registered', { registered: true }],
    ['where phones are or were', { source: aSource({ familiar: true }) }],
    ['the PBX', { source: aSource({ realm: 'core', tier: 'trusted' }) }],
  ])('never refuses %s', (_who, facts) => {
    expect(judge({ ...stranger, ...facts }).kind).toBe('pass');
  });
  test.each([
    ['as the dial plan reads it', { e164: '+442079460123', digits: '00442079460123' }, '79460123'],
    ['as it was dialled, where it cannot be read', { digits: '*9011442079460123' }, '79460123'],
    ['without what is no digit', { digits: '44*2079#46012*3' }, '79460123'],
    ['with one digit before it', { digits: '179460123' }, '79460123'],
    ['or with one before what is no digit', { digits: '1*79460123' }, '79460123'],
    ['none of a short number', { digits: '79460123' }, undefined],
    ['none of a short number behind a code', { digits: '*79460123' }, undefined],
    ['none of an extension', { kind: 'extension', digits: '1234567890' }, undefined],
  ] as const)('knows a number by its end: %s', (_how, about, tail) => {
    expect(tailOf({ dialled: aNumber({ kind: 'unknown', ...about }) }, 8)).toBe(tail);
  });
  test('explains by what was seen', () => {
    expect(rule.explain(aCall(stranger), seen(2, 7, 7))).toMatchObject({
      saw: 'beginnings of numbers that end in 79460123: 2 within 600 s, 7 within 3600 s, 7 within 86400 s',
      setting: ['outbound', 'rotating-prefixes', 'hour'],
    });
  });
});
