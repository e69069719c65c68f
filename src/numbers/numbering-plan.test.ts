import fc from 'fast-check';
import parsePhoneNumber, { type CountryCode, getCountries } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { describe, expect, test } from 'vitest';
import type { NumberClass } from './dialled.ts';
import {
  callingCodeOf,
  classInPlan,
  countriesOf,
  type NumberingPlan,
  numberingPlanOf,
} from './numbering-plan.ts';

const classes: Readonly<Record<string, NumberClass>> = {
  FIXED_LINE: 'fixed',
  MOBILE: 'mobile',
  FIXED_LINE_OR_MOBILE: 'fixed-or-mobile',
  TOLL_FREE: 'toll-free',
  PREMIUM_RATE: 'premium',
  SHARED_COST: 'shared-cost',
  VOIP: 'voip',
  PERSONAL_NUMBER: 'personal',
  PAGER: 'pager',
  UAN: 'universal-access',
  VOICEMAIL: 'voicemail',
};

function planOf(country: string): NumberingPlan {
  const plan = numberingPlanOf(country);
  if (!plan) throw new Error(`no plan of ${country}`);
  return plan;
}

describe('the class of a number', () => {
  test.each([
    ['DE', '301234567', 'fixed'],
    ['DE', '15112345678', 'mobile'],
    ['DE', '9001234567', 'premium'],
    ['GB', '8001111', 'toll-free'],
    ['GB', '9098790000', 'premium'],
    ['GB', '7012345678', 'personal'],
    ['US', '2025550123', 'fixed-or-mobile'],
    ['US', '9005550123', 'premium'],
    ['LV', '90123456', 'premium'],
    ['DE', '1', undefined],
    ['GB', '9999999999', undefined],
  ])('%s %s is %s', (country, national, expected) => {
    expect(classInPlan(planOf(country), national)).toBe(expected);
  });

  test('is what the library says, for any number in any country', () => {
    // The beginning of a real number, with random digits up to about its length.
    const near = fc
      .constantFrom(...getCountries())
      .chain((country: CountryCode) =>
        fc.tuple(
          fc.constant(country),
          fc.nat(6),
          fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 12, maxLength: 12 }),
          fc.constantFrom(0, 0, 0, 1, -1),
        ),
      );
    let told = 0;
    fc.assert(
      fc.property(near, ([country, kept, rest, more]) => {
        const example = examples[country];
        const national = (example.slice(0, kept) + rest).slice(0, example.length + more);
        const number = parsePhoneNumber(national, country);
        if (!number?.country) return;
        const type = number.getType();
        if (type) told++;
        expect(classInPlan(planOf(number.country), number.nationalNumber), number.number).toBe(
          type && classes[type],
        );
      }),
      { numRuns: 1500 },
    );
    expect(told).toBeGreaterThan(200);
  });
});

describe('a calling code', () => {
  test.each([
    ['12025550123', '1'],
    ['79161234567', '7'],
    ['4930123456', '49'],
    ['9607771234', '960'],
    ['88161234567', '881'],
    ['8711234567', '871'],
    ['999123', undefined],
    ['0', undefined],
    ['', undefined],
    ['4', undefined],
  ])('of %s is %s', (digits, code) => {
    expect(callingCodeOf(digits)).toBe(code);
  });

  test('belongs to countries, the main one first', () => {
    expect(countriesOf('44')[0]).toBe('GB');
    expect(countriesOf('881')).toEqual([]);
    expect(countriesOf('constructor')).toEqual([]);
  });
});

describe('a numbering plan', () => {
  test.each([
    ['DE', '00', '0'],
    ['US', '011', '1'],
    ['AU', '0011', '0'],
    ['RU', '810', '8'],
    ['HU', '00', '06'],
    ['IT', '00', ''],
    ['BR', undefined, '0'],
    ['TW', undefined, '0'],
  ])('of %s has its prefixes', (country, internationalPrefix, nationalPrefix) => {
    expect(planOf(country)).toMatchObject({ internationalPrefix, nationalPrefix });
  });

  test('has no number of fewer than six digits, its calling code included', () => {
    // What dial-plan.ts rests on when it lets an extension be shorter.
    for (const country of getCountries()) {
      const { callingCode, lengths } = planOf(country);
      expect(callingCode.length + Math.min(...lengths), country).toBeGreaterThanOrEqual(6);
    }
  });

  test.each(['XX', 'constructor', ''])('there is none of %j', (country) => {
    expect(numberingPlanOf(country)).toBeUndefined();
  });
});
