import { z } from 'zod';
import type { RequestFacts } from '../../facts.ts';
import { defineRule } from '../../rule.ts';
import { answerOption, blockFor, blockSecondsOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';
import { scannerHabitOf } from './scanner-habits.ts';

const options = z.strictObject({
  userAgents: z
    .array(z.string().min(4))
    .default([
      'friendly-scanner',
      'friendly-request',
      'sipvicious',
      'sipcli',
      'sipsak',
      'sip-scan',
      'sipscan',
      'sipptk',
      'sippts',
      'pplsip',
      'sundayddr',
      'siparmyknife',
      'smap 0.',
    ])
    .describe(
      'texts, in any case; a User-Agent that contains one is a scanner: keep them specific',
    ),
  habits: z
    .boolean()
    .default(true)
    .describe('known tools are recognised by their From, Call-ID, branch and tag as well'),
  pbxUserAgents: z
    .array(z.string().min(4))
    .default(['asterisk', 'fpbx', 'freeswitch'])
    .describe(
      'a stranger who calls and whose User-Agent begins with one of these is a scanner: a real PBX is a trunk or registers',
    ),
  answer: answerOption('silence'),
  blockSeconds: blockSecondsOption(3600),
});

const literal = (text: string): string => text.replace(/[$()*+./?[\\\]^{|}]/g, '\\$&');

/** N8. Silence is the default because any answer tells a scanner that a SIP server lives here. */
export const scanners = defineRule({
  name: 'scanners',
  stage: 'network',
  requirement: 'N8',
  summary: 'refuses and blocks known attack tools',
  reasons: ['scanner'],
  mode: 'on',
  options,
  create({ userAgents, habits, pbxUserAgents, answer, blockSeconds }) {
    const needles = userAgents.map((text) => text.toLowerCase());
    const pbxes = pbxUserAgents.map((text) => text.toLowerCase());
    const refusal = refuse(answer, 'scanner', blockFor(blockSeconds));
    const named = (announced: string): number =>
      needles.findIndex((needle) => announced.includes(needle));
    // every request is asked: one search for all of them
    const some = new RegExp(needles.map(literal).join('|'), 'i');
    let notNamed = ''; // most phones of a site are of one make
    const isNamed = (userAgent: string): boolean => {
      if (needles.length === 0 || userAgent === notNamed) return false;
      if (some.test(userAgent)) return true;
      notNamed = userAgent;
      return false;
    };
    const posing = ({ method, source, inDialog }: RequestFacts, announced: string): number =>
      method === 'INVITE' && !inDialog && source.tier === 'unknown'
        ? pbxes.findIndex((pbx) => announced.startsWith(pbx))
        : -1;
    let noPbx = ''; // as above
    const isPosing = (facts: RequestFacts, userAgent: string): boolean => {
      if (facts.method !== 'INVITE' || userAgent === noPbx) return false;
      const announced = userAgent.toLowerCase();
      if (pbxes.some((pbx) => announced.startsWith(pbx))) return posing(facts, announced) >= 0;
      noPbx = userAgent;
      return false;
    };
    return {
      judge(facts) {
        const { userAgent } = facts;
        if (userAgent !== undefined && (isNamed(userAgent) || isPosing(facts, userAgent)))
          return refusal;
        return habits && scannerHabitOf(facts) !== undefined ? refusal : pass;
      },
      explain(facts) {
        const { userAgent } = facts;
        const announced = userAgent?.toLowerCase() ?? '';
        const shown =
          userAgent === undefined ? 'no User-Agent' : `User-Agent ${JSON.stringify(userAgent)}`;
        const setting = ['network', 'scanners'] as const;
        const tool = named(announced);
        if (tool >= 0)
          return {
            saw: shown,
            setting: [...setting, 'userAgents', tool],
            flip: 'another User-Agent',
          };
        const pbx = posing(facts, announced);
        if (pbx >= 0)
          return {
            saw: `${shown}, of a stranger who calls`,
            setting: [...setting, 'pbxUserAgents', pbx],
            flip: 'register first, or be a trunk',
          };
        const habit = habits ? scannerHabitOf(facts) : undefined;
        if (habit === undefined) return { saw: shown, setting: [...setting, 'userAgents'] };
        return { saw: habit, setting: [...setting, 'habits'], flip: 'another SIP stack' };
      },
    };
  },
});
