import { z } from 'zod';
import type { PacketFacts } from '../../facts.ts';
import { country } from '../../forms.ts';
import { defineRule } from '../../rule.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  countries: z
    .array(country)
    .default([])
    .describe('where sources may be; empty: only those of the local networks pass'),
  unlisted: z
    .enum(['accept', 'drop'])
    .default('drop')
    .describe('an address that is in no country by the data: accept or drop'),
});

/** N3. The site's own networks are in no country and pass. */
export const sourceCountries = defineRule({
  name: 'source-countries',
  stage: 'packet',
  requirement: 'N3',
  summary: 'drops what comes from countries that are not allowed',
  reasons: ['source-country'],
  mode: 'off',
  options,
  create({ countries, unlisted }) {
    const allowed = new Set(countries);
    const refusal = refuse('silence', 'source-country');
    const isAllowed = ({ source }: PacketFacts): boolean => {
      const { country: code } = source;
      if (code !== undefined && allowed.has(code)) return true;
      return source.local || (code === undefined && unlisted === 'accept');
    };
    return {
      judge: (facts) => (isAllowed(facts) ? pass : refusal),
      explain({ source }) {
        const { address, country: code, local } = source;
        const where = local ? 'a local network' : (code ?? 'no country that is known');
        return {
          saw: `${address} in ${where}, allowed ${countries.join(' ') || 'none'}`,
          setting: [
            'network',
            'source-countries',
            code === undefined && !local ? 'unlisted' : 'countries',
          ],
          flip:
            code === undefined
              ? 'its address among network.allowed'
              : `add ${code} to the countries`,
        };
      },
    };
  },
});
