import { z } from 'zod';
import { numberPattern, source } from './forms.ts';
import type { Answer, Block, RegistrationAnswer } from './verdict.ts';

/** How a rule refuses, as the operator writes it. */
export const answerOption = (standard: Answer) =>
  z
    .union(
      [z.literal('silence'), z.int().min(400).max(699)],
      'silence, or a status from 400 to 699',
    )
    .default(standard)
    .describe('how it refuses: silence, or a status');

/** How a rule about registrations refuses. The default says nothing that a wrong password does not. */
export const registrationAnswerOption = (standard: RegistrationAnswer = 'challenge') =>
  z
    .union(
      [z.literal('challenge'), z.literal('silence'), z.int().min(400).max(699)],
      'challenge, silence, or a status from 400 to 699',
    )
    .default(standard)
    .describe(
      'how it refuses: challenge (as if the password were wrong, so that nobody learns which extensions there are), silence, or a status',
    );

/** What becomes of a limit that all nodes share while they cannot be asked. */
export const whenAloneOption = z
  .enum(['open', 'closed'])
  .default('open')
  .describe(
    'several nodes, and no word from the others: open counts the calls here, closed refuses (503)',
  );

/** Numbers and telephony patterns. One that cannot be read would let through what it was to bar. */
export const patternsOption = z.array(numberPattern);

export const networksOption = z.array(source);

/** Seconds, an hour at most. */
export const secondsOption = (standard: number, what: string) =>
  z.int().min(1).max(3600).default(standard).describe(what);

/** How long whoever is refused is blocked. */
export const blockSecondsOption = (standard: number) =>
  z
    .int()
    .min(0)
    .max(31_536_000)
    .default(standard)
    .describe('how long the source is blocked the first time; 0: it is not');

/** The block that an option of that many seconds asks for. */
export const blockFor = (seconds: number): { readonly block?: Block } =>
  seconds === 0 ? {} : { block: { seconds } };
