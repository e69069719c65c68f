import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { registrationAnswerOption } from '../../rule-options.ts';
import { pass, refuseRegistration } from '../../verdict.ts';

const options = z.strictObject({ answer: registrationAnswerOption() });

/** R2. Easily forged by whoever knows what to say, which a guesser of passwords does not. Case counts: makers keep theirs. */
export const userAgents = defineRule({
  name: 'user-agents',
  stage: 'registration',
  requirement: 'R2',
  summary: 'refuses a User-Agent that begins with none of the texts set for the extension',
  reasons: ['user-agent-not-allowed'],
  mode: 'on',
  options,
  create({ answer }, { extensions }) {
    const refusal = refuseRegistration(answer, 'user-agent-not-allowed');
    return {
      judge(facts) {
        const prefixes = facts.profile.userAgents;
        if (prefixes === undefined) return pass;
        const { userAgent = '' } = facts;
        return prefixes.some((prefix) => userAgent.startsWith(prefix)) ? pass : refusal;
      },
      explain({ extension, profile: { userAgents: prefixes }, userAgent }) {
        const announced =
          userAgent === undefined ? 'no User-Agent' : `User-Agent ${JSON.stringify(userAgent)}`;
        if (prefixes === undefined) return { saw: `${announced}, any is good` };
        return {
          saw: `${announced}, wanted ${prefixes.map((prefix) => JSON.stringify(prefix)).join(' or ')} at its beginning`,
          setting: extensions.whereSet(extension, 'userAgents'),
          flip: 'add how its User-Agent begins',
        };
      },
    };
  },
});
