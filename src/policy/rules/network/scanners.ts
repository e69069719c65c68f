import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  userAgents: z
    .array(z.string().min(4))
    .default([
      'friendly-scanner',
      'sipvicious',
      'sipcli',
      'sipsak',
      'sip-scan',
      'pplsip',
      'sundayddr',
    ])
    .describe(
      'texts, in any case; a User-Agent that contains one is a scanner: keep them specific',
    ),
  answer: answerOption('silence'),
  blockSeconds: z.int().min(0).max(31_536_000).default(3600).describe('0: it is not blocked'),
});

/** N8. Silence is the default because any answer tells a scanner that a SIP server lives here. */
export const scanners = defineRule({
  name: 'scanners',
  stage: 'network',
  requirement: 'N8',
  summary: 'refuses and blocks known attack tools',
  reasons: ['scanner'],
  mode: 'on',
  options,
  create({ userAgents, answer, blockSeconds }) {
    const needles = userAgents.map((text) => text.toLowerCase());
    const refusal = refuse(
      answer,
      'scanner',
      blockSeconds === 0 ? {} : { block: { seconds: blockSeconds } },
    );
    const found = (userAgent: string | undefined): number => {
      if (userAgent === undefined) return -1;
      const announced = userAgent.toLowerCase();
      return needles.findIndex((needle) => announced.includes(needle));
    };
    return {
      judge: ({ userAgent }) => (found(userAgent) < 0 ? pass : refusal),
      explain({ userAgent }) {
        const at = found(userAgent);
        return {
          saw:
            userAgent === undefined ? 'no User-Agent' : `User-Agent ${JSON.stringify(userAgent)}`,
          setting: ['network', 'scanners', 'userAgents', ...(at < 0 ? [] : [at])],
          flip: 'another User-Agent',
        };
      },
    };
  },
});
