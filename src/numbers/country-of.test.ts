import fc from 'fast-check';
import parsePhoneNumber, { type CountryCode, getCountries } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { describe, expect, test } from 'vitest';
import { countryOf, sameNation } from './country-of.ts';

const at = (number: string, home?: string) => {
  const [code = '', national = ''] = number.replace('+', '').split(' ');
  return countryOf(code, national, home);
};

describe('the country of a number', () => {
  test.each([
    ['+1 2025550123', 'US'],
    ['+1 4165550123', 'CA'],
    ['+1 6005550123', 'CA'],
    ['+1 8765550123', 'JM'],
    ['+1 6585550123', 'JM'],
    ['+1 8095550123', 'DO'],
    ['+1 4735550123', 'GD'],
    ['+1 7875550123', 'PR'],
    ['+1 7215550123', 'SX'],
    ['+1 9005550123', 'US'],
    ['+1 9995550123', undefined],
    ['+1 1235550123', undefined],
    ['+7 9161234567', 'RU'],
    ['+7 7271234567', 'KZ'],
    ['+7 6001234567', 'KZ'],
    ['+44 1481960194', 'GG'],
    ['+44 7797123456', 'JE'],
    ['+44 7624123456', 'IM'],
    ['+44 7911123456', 'GG'],
    ['+44 2079460018', 'GB'],
    ['+39 0669812345', 'VA'],
    ['+39 0612345678', 'IT'],
    ['+358 18123456', 'AX'],
    ['+599 7171234', 'BQ'],
    ['+599 94351234', 'CW'],
    ['+262 639123456', 'YT'],
    ['+290 8123', 'TA'],
    ['+672 101234', 'AQ'],
    ['+672 322222', 'NF'],
    ['+960 7771234', 'MV'],
    ['+881 61234567', undefined],
    ['+870 773912345', undefined],
    ['+800 12345678', undefined],
    ['+999 12345678', undefined],
  ])('%s is %s', (number, country) => {
    expect(at(number)).toBe(country);
  });

  test.each([
    ['too short', '+1 876', 'JM'],
    ['too long', '+44 14811234567890', 'GG'],
    ['never given out', '+960 0000000', 'MV'],
  ])('is told by its beginning though it is %s', (_why, number, country) => {
    expect(at(number)).toBe(country);
  });

  test.each([
    ['toll-free within +1, called from Canada', '+1 8005550123', 'CA', 'CA'],
    ['toll-free within +1, called from Germany', '+1 8005550123', 'DE', 'US'],
    ['toll-free in Russia and Kazakhstan', '+7 8005550123', 'KZ', 'KZ'],
    ['Jamaican, called from Canada', '+1 8765550123', 'CA', 'JM'],
    ['British, called from Jersey', '+44 2079460018', 'JE', 'GB'],
  ])('that several share is the home one: %s', (_what, number, home, country) => {
    expect(at(number, home)).toBe(country);
  });

  test('agrees with the library on the example of every country', () => {
    const told = getCountries().flatMap((country: CountryCode) => {
      const number = parsePhoneNumber(examples[country], country);
      return number?.country === country ? [{ country, number }] : [];
    });
    expect(told.length).toBeGreaterThan(200);
    for (const { country, number } of told) {
      expect(countryOf(number.countryCallingCode, number.nationalNumber), number.number).toBe(
        country,
      );
    }
  });

  test('agrees with the library on every number that it finds valid in shared codes', () => {
    const shared = fc.constantFrom('1', '7', '39', '44', '47', '212', '262', '290', '358', '599');
    const areas = fc.constantFrom(
      '',
      '1481',
      '1534',
      '1624',
      '7',
      '75',
      '76',
      '77',
      '78',
      '79',
      '80',
    );
    let valid = 0;
    fc.assert(
      fc.property(
        shared,
        areas,
        fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 4, maxLength: 10 }),
        (code, area, rest) => {
          const number = parsePhoneNumber(`+${code}${area}${rest}`);
          // Pagers of +44 and the like have no country of their own: the main one is as good.
          if (!number?.country || !number.isValid()) return;
          // Its tables give 7924 to both, and it asks Great Britain first; the Isle of Man's are the exact ones.
          if (number.number.startsWith('+447924')) return;
          const type = number.getType();
          if (type !== 'FIXED_LINE' && type !== 'MOBILE' && type !== 'FIXED_LINE_OR_MOBILE') return;
          valid++;
          expect(countryOf(code, number.nationalNumber), number.number).toBe(number.country);
        },
      ),
      { numRuns: 3000 },
    );
    expect(valid).toBeGreaterThan(100);
  });
});

describe('one nation', () => {
  test.each([
    ['FI', 'AX', true],
    ['AX', 'FI', true],
    ['DE', 'DE', true],
    ['US', 'CA', false],
    ['US', 'JM', false],
    ['RU', 'KZ', false],
    ['GB', 'JE', false],
  ])('%s and %s: %j', (one, other, same) => {
    expect(sameNation(one, other)).toBe(same);
  });
});
