import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { type Adjust, pass, reject } from '../../verdict.ts';

const options = z
  .strictObject({
    least: z
      .int()
      .min(1)
      .max(86_400)
      .default(60)
      .describe('seconds that a registration lasts at least'),
    most: z.int().min(60).max(604_800).default(3600).describe('and at most; more is cut'),
    tooShort: z
      .enum(['refuse', 'raise'])
      .default('refuse')
      .describe(
        'less is refused with 423 and Min-Expires (RFC 3261 §10.3), or raised for phones that do not understand that',
      ),
  })
  .refine(({ least, most }) => least <= most, { path: ['least'], error: 'not more than most' });

/**
 * R9. A phone that registers every second is a flood; one that asks for a week is called in vain for a week when it is
 * gone. What the PBX grants is cut as well; what it grants below the least stays, as it will forget the phone then.
 */
export const expiry = defineRule({
  name: 'expiry',
  stage: 'registration',
  requirement: 'R9',
  summary: 'holds registrations to bounds of time',
  reasons: ['expires-too-short'],
  mode: 'on',
  options,
  create({ least, most, tooShort }) {
    const refusal = reject(423, 'expires-too-short', { minExpiresSeconds: least });
    const bounded: Adjust = { kind: 'adjust', expires: { least, most } };
    const isShort = (seconds: number): boolean => seconds > 0 && seconds < least;
    return {
      judge: ({ expires }) =>
        expires.length === 0
          ? pass
          : tooShort === 'refuse' && expires.some(isShort)
            ? refusal
            : bounded,
      explain: ({ expires }) => ({
        saw: `${expires.join(', ') || 'no'} seconds asked, ${least} to ${most} allowed`,
        setting: ['registration', 'expiry', expires.some(isShort) ? 'least' : 'most'],
        flip: `ask for ${least} seconds or more`,
      }),
    };
  },
});
