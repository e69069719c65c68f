import { z } from 'zod';
import type { CallFacts } from '../../facts.ts';
import { country } from '../../forms.ts';
import { NumberLists } from '../../number-lists.ts';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  countries: z
    .array(country)
    .default([])
    .describe('countries that may be called besides site.homeCountry; none: no calls abroad'),
  answer: answerOption(403),
});

/**
 * O5. Abroad is whatever the dial plan reads as international; +1, +7 and +44 are several countries each. A number
 * abroad whose country cannot be told is in none that is allowed: satellites, networks of no country. Numbers that an
 * extension is expressly allowed (O6) may be anywhere.
 */
export const allowedCountries = defineRule({
  name: 'allowed-countries',
  stage: 'outbound',
  methods: ['INVITE', 'MESSAGE'],
  requirement: 'O5',
  summary: 'refuses calls abroad but to the countries named',
  reasons: ['country-not-allowed', 'international-barred'],
  mode: 'on',
  options,
  create({ countries, answer }, site) {
    const {
      extensions,
      settings: { homeCountry },
    } = site;
    const notAllowed = refuse(answer, 'country-not-allowed');
    const barred = refuse(answer, 'international-barred');
    const everybody = new Set(countries);
    const lists = new NumberLists(site);

    const isAllowed = ({ dialled: { country }, profile }: CallFacts): boolean =>
      country !== undefined &&
      (country === homeCountry ||
        (profile.countries === undefined
          ? everybody.has(country)
          : profile.countries.includes(country)));
    const verdictOn = (facts: CallFacts) => {
      const { dialled, profile } = facts;
      if (dialled.kind !== 'international') return pass;
      const verdict =
        profile.international === false ? barred : isAllowed(facts) ? pass : notAllowed;
      if (verdict === pass || profile.allowedNumbers === undefined) return verdict;
      return lists.find(profile.allowedNumbers, dialled) === undefined ? verdict : pass;
    };

    return {
      judge: verdictOn,
      explain(facts) {
        const { dialled, profile, extension } = facts;
        if (dialled.kind !== 'international') return { saw: `${dialled.kind} number` };
        const at = lists.find(profile.allowedNumbers, dialled);
        if (at !== undefined)
          return {
            saw: `${dialled.digits} is among the allowed numbers`,
            setting: extensions.whereSet(extension, 'allowedNumbers'),
          };
        const saw = `country ${dialled.country ?? 'unknown'}`;
        if (profile.international === false)
          return {
            saw: `international number, ${saw}, no calls abroad`,
            setting: extensions.whereSet(extension, 'international'),
            flip: 'take out international: false, or add the number to allowedNumbers',
          };
        const own = profile.countries ?? countries;
        const where = extensions.whereSet(extension, 'countries');
        return {
          saw: `international number, ${saw}, allowed ${[homeCountry, ...own].filter(Boolean).join(' ') || 'none'}`,
          setting: where ?? ['outbound', 'allowed-countries', 'countries'],
          flip:
            dialled.country === undefined
              ? 'a number whose country can be told, or one in allowedNumbers'
              : `add ${dialled.country} to the countries`,
        };
      },
    };
  },
});
