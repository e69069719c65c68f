import { z } from 'zod';
import { permittedSource } from '../../permitted-source.ts';
import { defineRule } from '../../rule.ts';
import { registrationAnswerOption } from '../../rule-options.ts';
import { refuseRegistration } from '../../verdict.ts';

const options = z.strictObject({ answer: registrationAnswerOption() });

/** R3. A stolen password is worth nothing elsewhere. `caller-permitted-ips` holds the same for calls. */
export const permittedIps = defineRule({
  name: 'permitted-ips',
  stage: 'registration',
  requirement: 'R3',
  summary: 'refuses an extension that registers from outside its permitted addresses',
  reasons: ['source-not-permitted'],
  mode: 'on',
  options,
  create: ({ answer }, { extensions }) =>
    permittedSource(extensions, refuseRegistration(answer, 'source-not-permitted')),
});
