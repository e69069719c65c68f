import { z } from 'zod';
import type { CallFacts } from '../../facts.ts';
import { NumberLists } from '../../number-lists.ts';
import { defineRule } from '../../rule.ts';
import { answerOption, patternsOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  blocked: patternsOption.default([]).describe('numbers and patterns that nobody may call'),
  allowed: patternsOption.default([]).describe('numbers and patterns taken out of `blocked`'),
  answer: answerOption(403),
});

/**
 * O6. What is said of an extension counts more than what is said of the site, and allowed more than blocked of the
 * same. Numbers match in every way in which they may be dialled.
 */
export const blockedNumbers = defineRule({
  name: 'blocked-numbers',
  stage: 'outbound',
  methods: ['INVITE', 'MESSAGE'],
  requirement: 'O6',
  summary: 'refuses numbers and patterns that are blocked',
  reasons: ['number-blocked'],
  mode: 'on',
  options,
  create({ blocked, allowed, answer }, site) {
    const { extensions } = site;
    const refusal = refuse(answer, 'number-blocked');
    const lists = new NumberLists(site);
    /** The entry that decides; undefined when nothing is said of the number. */
    const decisive = ({ dialled, profile }: CallFacts) => {
      const entry = (key: 'allowedNumbers' | 'blockedNumbers' | 'allowed' | 'blocked') => {
        const list =
          key === 'allowed' ? allowed : key === 'blocked' ? blocked : (profile[key] ?? none);
        const at = lists.find(list, dialled);
        return at === undefined ? undefined : { key, at, text: list[at] ?? '' };
      };
      return (
        entry('allowedNumbers') ?? entry('blockedNumbers') ?? entry('allowed') ?? entry('blocked')
      );
    };
    const isSilent = ({ profile }: CallFacts): boolean =>
      blocked.length === 0 && profile.blockedNumbers === undefined;

    return {
      judge(facts) {
        if (isSilent(facts)) return pass;
        return decisive(facts)?.key.startsWith('blocked') === true ? refusal : pass;
      },
      explain(facts) {
        const found = decisive(facts);
        const { digits, e164 } = facts.dialled;
        const number = e164 === undefined ? digits : `${digits} (${e164})`;
        if (found === undefined) return { saw: `${number}, in no list` };
        const { key, at, text } = found;
        const ofSite = key === 'allowed' || key === 'blocked';
        const where = ofSite
          ? (['outbound', 'blocked-numbers', key] as const)
          : extensions.whereSet(facts.extension, key);
        return {
          saw: `${number}, ${key} has ${text}`,
          setting: where && [...where, at],
          flip: `take ${text} out of ${key}, or add the number to allowedNumbers of the extension`,
        };
      },
    };
  },
});

const none: readonly string[] = [];
