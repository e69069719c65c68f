import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({ answer: answerOption(404) });

/**
 * O5. What nobody can tell the country of may lead anywhere: that is how a bar on calls abroad is gone around. Names
 * are numbers too when `extensions.list` has them.
 */
export const unknownNumbers = defineRule({
  name: 'unknown-numbers',
  stage: 'outbound',
  methods: ['INVITE', 'MESSAGE'],
  requirement: 'O5',
  summary: 'refuses numbers that the dial plan cannot explain',
  reasons: ['number-unknown'],
  mode: 'on',
  options,
  create({ answer }, { extensions }) {
    const refusal = refuse(answer, 'number-unknown');
    return {
      judge: ({ dialled: { kind, digits } }) =>
        kind !== 'unknown' || extensions.profileOf(digits).listed ? pass : refusal,
      explain: ({ dialled: { kind, digits } }) => ({
        saw: `${kind === 'unknown' ? 'no number of the dial plan' : `${kind} number`}: ${digits}`,
        setting: ['site', 'dialPlan'],
        flip: 'a number that site.dialPlan explains, or a name of extensions.list',
      }),
    };
  },
});
