import { describe, expect, test } from 'vitest';
import {
  aCall,
  aNumber,
  noCounts,
  outcomeOf,
  someSite,
} from '../../../../test/support/some-facts.ts';
import type { NumberClass } from '../../../numbers/dialled.ts';
import { blockedClasses } from './blocked-classes.ts';

const site = someSite(
  { homeCountry: 'DE' },
  { list: { 1002: { allowedNumbers: ['+499001234567', '+37255.'] } } },
);
const rule = (options: object = {}) =>
  blockedClasses.create(blockedClasses.options.parse(options), site);
const dials = (number: Parameters<typeof aNumber>[0], extension = '1001') =>
  aCall({
    dialled: aNumber({ kind: 'national', digits: '0123', ...number }),
    extension,
    profile: site.extensions.profileOf(extension),
  });
const judged = (facts: ReturnType<typeof dials>, options: object = {}) =>
  outcomeOf(rule(options).judge(facts, noCounts));

describe('blocked-classes (O6)', () => {
  test.each([
    ['premium', 'class-blocked'],
    ['satellite', 'class-blocked'],
    ['international-network', 'class-blocked'],
    ['shared-cost', 'pass'],
    ['fixed', 'pass'],
    ['mobile', 'pass'],
    ['unknown', 'pass'],
  ] as const)('of class %s says %s by default', (kind: NumberClass, expected) => {
    expect(judged(dials({ class: kind }))).toBe(expected);
  });
  test('blocks the classes it is given, and those only', () => {
    const options = { classes: ['shared-cost'] };
    expect(judged(dials({ class: 'shared-cost' }), options)).toBe('class-blocked');
    expect(judged(dials({ class: 'premium' }), options)).toBe('pass');
  });
  test('reads the class of what was really dialled', () => {
    const premium = aCall({ dialled: site.readDialled('09001234567') });
    expect(judged(premium)).toBe('class-blocked');
    expect(judged(aCall({ dialled: site.readDialled('03012345678') }))).toBe('pass');
  });
  test('blocks ranges of the high-risk list, but for those excepted and when told not to', () => {
    const risky = dials({ risks: ['estonia-mobile', 'test-range'] });
    expect(judged(risky)).toBe('number-high-risk');
    expect(judged(risky, { exceptRanges: ['estonia-mobile'] })).toBe('number-high-risk');
    expect(judged(risky, { exceptRanges: ['estonia-mobile', 'test-range'] })).toBe('pass');
    expect(judged(risky, { highRisk: false })).toBe('pass');
  });
  test('lets an extension call what it is expressly allowed', () => {
    const premium = { class: 'premium', digits: '09001234567', e164: '+499001234567' } as const;
    expect(judged(dials(premium, '1002'))).toBe('pass');
    expect(judged(dials({ ...premium, e164: '+499001234568' }, '1002'))).toBe('class-blocked');
    expect(judged(dials({ risks: ['x'], e164: '+3725512345' }, '1002'))).toBe('pass');
  });
  test('explains by class, range, or what allows it', () => {
    expect(rule().explain(dials({ class: 'satellite' }), noCounts)).toMatchObject({
      saw: 'class satellite',
      setting: ['outbound', 'blocked-classes', 'classes'],
    });
    expect(rule().explain(dials({ risks: ['test-range'] }), noCounts)).toMatchObject({
      saw: 'class unknown, in test-range',
      flip: expect.stringContaining('exceptRanges'),
    });
  });
});
