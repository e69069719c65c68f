import { describe, expect, test } from 'vitest';
import { aPacket, aSource, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import type { Source } from '../../facts.ts';
import { sourceCountries } from './source-countries.ts';

const rule = (options: object) =>
  sourceCountries.create(sourceCountries.options.parse(options), someSite());
const packet = (source: Partial<Source>) => aPacket({ source: aSource(source) });

describe('source-countries (N3)', () => {
  const german = rule({ countries: ['DE', 'AT'] });
  test.each([
    ['an allowed country', { country: 'AT' }, 'pass'],
    ['another country', { country: 'KP' }, 'drop'],
    ['an address in no list', {}, 'drop'],
    ['the site’s own networks', { local: true }, 'pass'],
  ] as const)('%s: %s', (_what, source, kind) => {
    expect(german.judge(packet(source), noCounts).kind).toBe(kind);
  });
  test('an address in no list can be let in', () => {
    expect(rule({ countries: ['DE'], unlisted: 'accept' }).judge(packet({}), noCounts).kind).toBe(
      'pass',
    );
  });
  test('explains by the country', () => {
    expect(german.explain(packet({ country: 'KP' }), noCounts)).toEqual({
      saw: '198.51.100.7 in KP, allowed DE AT',
      setting: ['network', 'source-countries', 'countries'],
      flip: 'add KP to the countries',
    });
  });
  test('refuses what is no country at load time', () => {
    expect(sourceCountries.options.safeParse({ countries: ['Germany'] }).success).toBe(false);
  });
});
