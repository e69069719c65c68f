import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const country = z.string().regex(/^[A-Z]{2}$/, 'a country by two capital letters (ISO 3166): DE');

const options = z.strictObject({
  countries: z
    .array(country)
    .default([])
    .describe('countries that may be called besides site.homeCountry; none: no calls abroad'),
  answer: answerOption(403),
});

/** O5. A number whose country cannot be told is not allowed anywhere: that is how a bar is gone around. */
export const allowedCountries = defineRule({
  name: 'allowed-countries',
  stage: 'outbound',
  requirement: 'O5',
  summary: 'refuses calls abroad but to the countries named',
  reasons: ['country-not-allowed'],
  mode: 'on',
  options,
  create({ countries, answer }, { extensions, settings: { homeCountry } }) {
    const refusal = refuse(answer, 'country-not-allowed');
    const everybody = new Set(countries);
    const allows = (own: readonly string[] | undefined, country: string | undefined): boolean =>
      country !== undefined &&
      (country === homeCountry ||
        (own === undefined ? everybody.has(country) : own.includes(country)));
    return {
      judge: ({ dialled, profile }) =>
        dialled.kind === 'international' && !allows(profile.countries, dialled.country)
          ? refusal
          : dialled.kind === 'unknown'
            ? refusal
            : pass,
      explain({ dialled, profile, extension }) {
        const allowed = profile.countries ?? countries;
        return {
          saw: `${dialled.kind} number, country ${dialled.country ?? 'unknown'}, allowed ${[homeCountry, ...allowed].filter(Boolean).join(' ') || 'none'}`,
          setting: extensions.whereSet(extension, 'countries') ?? [
            'outbound',
            'allowed-countries',
            'countries',
          ],
          flip:
            dialled.country === undefined
              ? 'a number whose country can be told'
              : `add ${dialled.country} to the countries`,
        };
      },
    };
  },
});
