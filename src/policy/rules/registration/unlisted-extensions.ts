import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { registrationAnswerOption } from '../../rule-options.ts';
import { pass, refuseRegistration } from '../../verdict.ts';

const options = z.strictObject({ answer: registrationAnswerOption() });

/** R7. Where the site lists its extensions and says so, no other may register. */
export const unlistedExtensions = defineRule({
  name: 'unlisted-extensions',
  stage: 'registration',
  requirement: 'R7',
  summary: 'refuses extensions that are not listed, where extensions.unlisted is refuse',
  reasons: ['extension-unlisted'],
  mode: 'on',
  options,
  create({ answer }, { extensions }) {
    const refusal = refuseRegistration(answer, 'extension-unlisted');
    const { unlistedAllowed } = extensions;
    return {
      judge: ({ profile }) => (unlistedAllowed || profile.listed ? pass : refusal),
      explain: ({ extension, profile }) => ({
        saw: `${extension} is ${profile.listed ? 'listed' : 'not listed'}, others may ${unlistedAllowed ? '' : 'not '}register`,
        setting: ['extensions', 'unlisted'],
        flip: `add ${extension} to extensions.list`,
      }),
    };
  },
});
