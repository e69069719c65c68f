import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { registrationAnswerOption } from '../../rule-options.ts';
import { pass, refuseRegistration } from '../../verdict.ts';

const options = z.strictObject({
  remote: z
    .boolean()
    .default(true)
    .describe(
      'may extensions register from outside site.localNetworks, where they say nothing themselves',
    ),
  answer: registrationAnswerOption(),
});

/** R8. A desk phone has no business on the internet. */
export const remoteRegistration = defineRule({
  name: 'remote-registration',
  stage: 'registration',
  requirement: 'R8',
  summary: 'refuses an extension that registers from outside the local networks and may not',
  reasons: ['remote-not-allowed'],
  mode: 'on',
  options,
  create({ remote, answer }, { extensions }) {
    const refusal = refuseRegistration(answer, 'remote-not-allowed');
    return {
      judge: ({ profile, source }) => ((profile.remote ?? remote) || source.local ? pass : refusal),
      explain({ extension, profile, source }) {
        const may = profile.remote ?? remote;
        return {
          saw: `source ${source.address} is ${source.local ? 'local' : 'remote'}, remote is ${may ? '' : 'not '}allowed`,
          setting: extensions.whereSet(extension, 'remote') ?? [
            'registration',
            'remote-registration',
            'remote',
          ],
          flip: `remote: true, or ${source.address} in site.localNetworks`,
        };
      },
    };
  },
});
