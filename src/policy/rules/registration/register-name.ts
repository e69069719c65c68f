import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { registrationAnswerOption } from '../../rule-options.ts';
import { pass, refuseRegistration } from '../../verdict.ts';

const options = z.strictObject({ answer: registrationAnswerOption() });

/**
 * R1. Whoever knows an extension's number and its password must know its register name as well. Credentials come
 * with the second REGISTER only; the first passes, and is challenged by the PBX.
 */
export const registerName = defineRule({
  name: 'register-name',
  stage: 'registration',
  requirement: 'R1',
  summary: 'refuses a digest user name other than the one set for the extension',
  reasons: ['register-name-wrong'],
  mode: 'on',
  options,
  create({ answer }, { extensions }) {
    const refusal = refuseRegistration(answer, 'register-name-wrong');
    return {
      judge(facts) {
        const wanted = facts.profile.registerName;
        if (wanted === undefined) return pass;
        const { registerName } = facts;
        return registerName === undefined || registerName === wanted ? pass : refusal;
      },
      explain({ extension, registerName, profile }) {
        const asked =
          registerName === undefined ? 'no credentials yet' : `register name ${registerName}`;
        if (profile.registerName === undefined) return { saw: `${asked}, any is good` };
        return {
          saw: `${asked}, wanted ${profile.registerName}`,
          setting: extensions.whereSet(extension, 'registerName'),
          flip: `register with the name ${profile.registerName}`,
        };
      },
    };
  },
});
