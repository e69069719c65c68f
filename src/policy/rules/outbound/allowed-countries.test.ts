import { describe, expect, test } from 'vitest';
import { aCall, noCounts, outcomeOf, someSite } from '../../../../test/support/some-facts.ts';
import { allowedCountries } from './allowed-countries.ts';

const scene = (settings: object = {}, options: object = {}, extensions: object = {}) => {
  const site = someSite({ homeCountry: 'DE', ...settings }, extensions);
  const rule = allowedCountries.create(allowedCountries.options.parse(options), site);
  const dials = (number: string, extension = '1001') =>
    aCall({
      dialled: site.readDialled(number),
      extension,
      profile: site.extensions.profileOf(extension),
    });
  return {
    rule,
    dials,
    verdict(number: string, extension?: string) {
      return outcomeOf(rule.judge(dials(number, extension), noCounts));
    },
  };
};

describe('allowed-countries (O5)', () => {
  test('bars every country but the home country until one is allowed', () => {
    const { verdict } = scene();
    expect(verdict('004319012345')).toBe('country-not-allowed');
    expect(verdict('03012345678')).toBe('pass');
    expect(verdict('00493012345678')).toBe('pass');
  });
  test('passes the countries that are allowed', () => {
    const { verdict } = scene({}, { countries: ['AT'] });
    expect(verdict('004319012345')).toBe('pass');
    expect(verdict('0041443123456')).toBe('country-not-allowed');
  });
  test.each([
    ['the United States', '0012125551234', 'pass'],
    ['Jamaica', '0018765551234', 'country-not-allowed'],
    ['Canada', '0014165551234', 'country-not-allowed'],
    ['the Dominican Republic', '0018095551234', 'country-not-allowed'],
  ])('splits +1 into its countries: %s', (_country, number, expected) => {
    expect(scene({}, { countries: ['US'] }).verdict(number)).toBe(expected);
  });
  test('bars what has no country: satellites, networks of no country', () => {
    const { verdict } = scene({}, { countries: ['AT', 'US'] });
    expect(verdict('00881612345678')).toBe('country-not-allowed');
    expect(verdict('0088213123456')).toBe('country-not-allowed');
  });
  test('leaves extensions and feature codes alone', () => {
    const { verdict } = scene();
    expect([verdict('1002'), verdict('*98')]).toEqual(['pass', 'pass']);
  });
  test('an extension has countries of its own, or its group has', () => {
    const { verdict } = scene(
      {},
      { countries: ['AT'] },
      {
        groups: { sales: { countries: ['CH'] } },
        list: { 1002: { groups: ['sales'] }, 1003: { countries: [] } },
      },
    );
    expect([verdict('0041443123456', '1002'), verdict('004319012345', '1002')]).toEqual([
      'pass',
      'country-not-allowed',
    ]);
    expect(verdict('004319012345', '1003')).toBe('country-not-allowed');
  });
  test('international: false bars altogether, with a reason of its own', () => {
    const { verdict } = scene(
      {},
      { countries: ['AT'] },
      {
        list: { 1002: { international: false, countries: ['AT'] } },
      },
    );
    expect(verdict('004319012345', '1002')).toBe('international-barred');
    expect(verdict('03012345678', '1002')).toBe('pass');
  });
  test('a number that an extension is allowed it may call, wherever it is', () => {
    const { verdict } = scene(
      {},
      {},
      {
        list: { 1002: { international: false, allowedNumbers: ['+4319012345'] } },
      },
    );
    expect(verdict('004319012345', '1002')).toBe('pass');
    expect(verdict('004319012346', '1002')).toBe('international-barred');
  });
  test('without a home country every number with a country code is abroad', () => {
    expect(scene({ homeCountry: null }).verdict('+493012345678')).toBe('country-not-allowed');
  });
  test('explains by country, and by the setting of the extension, the group or the site', () => {
    const { rule, dials } = scene(
      {},
      { countries: ['AT'] },
      {
        list: { 1002: { countries: ['CH'] }, 1003: { international: false } },
      },
    );
    expect(rule.explain(dials('00850212345678'), noCounts)).toEqual({
      saw: 'international number, country KP, allowed DE AT',
      setting: ['outbound', 'allowed-countries', 'countries'],
      flip: 'add KP to the countries',
    });
    const settingFor = (extension: string) =>
      rule.explain(dials('00850212345678', extension), noCounts).setting;
    expect(settingFor('1002')).toEqual(['extensions', 'list', '1002', 'countries']);
    expect(settingFor('1003')).toEqual(['extensions', 'list', '1003', 'international']);
  });
});
