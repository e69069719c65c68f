import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({ answer: answerOption(433) });

/** I3. 433 tells the caller's side why (RFC 5079): it may call again and show its number. */
export const anonymousCallers = defineRule({
  name: 'anonymous-callers',
  stage: 'inbound',
  requirement: 'I3',
  summary: 'refuses calls from a trunk that show no number',
  reasons: ['caller-anonymous'],
  mode: 'off',
  options,
  create({ answer }) {
    const refusal = refuse(answer, 'caller-anonymous');
    return {
      judge: ({ anonymous }) => (anonymous ? refusal : pass),
      explain: ({ anonymous, from }) => ({
        saw: anonymous ? 'no number' : `number ${from}`,
        flip: 'a call that shows its number',
      }),
    };
  },
});
