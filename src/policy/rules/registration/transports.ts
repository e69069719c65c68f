import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { registrationAnswerOption } from '../../rule-options.ts';
import { pass, refuseRegistration } from '../../verdict.ts';

const options = z.strictObject({ answer: registrationAnswerOption() });

/** R4. Over UDP and TCP everybody on the way reads who calls whom, and the digest to try passwords against. */
export const transports = defineRule({
  name: 'transports',
  stage: 'registration',
  requirement: 'R4',
  summary: 'refuses an extension that registers over a transport it may not use',
  reasons: ['transport-not-allowed'],
  mode: 'on',
  options,
  create({ answer }, { extensions }) {
    const refusal = refuseRegistration(answer, 'transport-not-allowed');
    return {
      judge: ({ profile: { transports: allowed }, source }) =>
        allowed === undefined || allowed.includes(source.transport) ? pass : refusal,
      explain({ extension, profile: { transports: allowed }, source: { transport } }) {
        if (allowed === undefined) return { saw: `over ${transport}, any is good` };
        return {
          saw: `over ${transport}, allowed ${allowed.join(' ')}`,
          setting: extensions.whereSet(extension, 'transports'),
          flip: `register over ${allowed.join(' or ')}`,
        };
      },
    };
  },
});
