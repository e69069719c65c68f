import { expect, test } from 'vitest';
import { countryMeant, isCountry } from './countries.ts';

test.each(['DE', 'AQ', 'XK', 'BQ'])('%s is a country', (code) => {
  expect(isCountry(code)).toBe(true);
});

test.each(['UK', 'EU', 'de', 'ZZ', 'USA', ''])('%j is none', (code) => {
  expect(isCountry(code)).toBe(false);
});

test.each([
  ['UK', 'GB'],
  ['de', 'DE'],
  ['Germany', 'DE'],
  ['+49', 'DE'],
  ['0043', 'AT'],
  ['1', 'US'],
  ['usa', 'US'],
  ['Atlantis', undefined],
  ['999', undefined],
])('who writes %j means %s', (text, code) => {
  expect(countryMeant(text)).toBe(code);
});
