import { z } from 'zod';
import { callerOf } from '../../call-keys.ts';
import type { CallFacts } from '../../facts.ts';
import { NumberLists } from '../../number-lists.ts';
import { defineRule } from '../../rule.ts';
import { answerOption, patternsOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  callers: patternsOption.default([]).describe('numbers and patterns whose calls are refused'),
  allowed: patternsOption.default([]).describe('numbers and patterns taken out of these'),
  answer: answerOption(603),
});

/** I3. Carriers write a caller as they like: `030…`, `4930…`, `+4930…` are one number here, as the dial plan reads them. */
export const blockedCallers = defineRule({
  name: 'blocked-callers',
  stage: 'inbound',
  requirement: 'I3',
  summary: 'refuses calls from numbers and patterns that are blocked',
  reasons: ['caller-blocked'],
  mode: 'on',
  options,
  create({ callers, allowed, answer }, site) {
    const { readDialled } = site;
    const refusal = refuse(answer, 'caller-blocked');
    const lists = new NumberLists(site);
    const blockedBy = (facts: CallFacts): number | undefined => {
      const caller = callerOf(facts);
      if (caller === undefined) return undefined;
      const number = readDialled(caller);
      const at = lists.find(callers, number);
      return at === undefined || lists.find(allowed, number) !== undefined ? undefined : at;
    };
    return {
      judge: (facts) => (callers.length === 0 || blockedBy(facts) === undefined ? pass : refusal),
      explain(facts) {
        const at = blockedBy(facts);
        const caller = callerOf(facts) ?? 'no number';
        if (at === undefined) return { saw: `${caller}, not blocked` };
        return {
          saw: `${caller} is blocked by ${callers[at]}`,
          setting: ['inbound', 'blocked-callers', 'callers', at],
          flip: `take ${callers[at]} out, or add the number to allowed`,
        };
      },
    };
  },
});
