import { z } from 'zod';
import type { Counters } from '../../counters.ts';
import type { RegistrationFacts } from '../../facts.ts';
import { isStranger } from '../../is-stranger.ts';
import { defineRule } from '../../rule.ts';
import { secondsOption } from '../../rule-options.ts';
import { pass, reject } from '../../verdict.ts';

const options = z.strictObject({
  perSecond: z
    .number()
    .min(1)
    .max(1_000_000)
    .default(500)
    .describe('how many REGISTERs a second the PBX is sent in the long run'),
  burst: z.int().min(1).max(10_000_000).default(2000).describe('how many at once'),
  strangersPercent: z
    .number()
    .min(1)
    .max(100)
    .default(25)
    .describe('so much of that at most for addresses that no phone is registered from'),
  retryAfterSeconds: secondsOption(2, 'told with 503: when to try again at the earliest'),
  spreadSeconds: secondsOption(
    10,
    'so much later at most, by chance: they are not to come all at once',
  ),
});

/**
 * N13. After an outage everybody comes back at once. The PBX gets no more than it can take, and strangers only a part
 * of it: the phones that were there before come back first.
 */
export const pbxPace = defineRule({
  name: 'pbx-pace',
  stage: 'registration',
  requirement: 'N13',
  summary: 'puts registrations off that are more at once than the PBX is to be sent',
  reasons: ['pbx-pace'],
  mode: 'on',
  options,
  create({ perSecond, burst, strangersPercent, retryAfterSeconds, spreadSeconds }) {
    const refusal = reject(503, 'pbx-pace', { retryAfterSeconds, spreadSeconds });
    const part = strangersPercent / 100;
    const mayCome = (facts: RegistrationFacts, counters: Counters): boolean =>
      (!isStranger(facts.source) ||
        counters.take('pace of strangers', perSecond * part, Math.ceil(burst * part), facts.at)) &&
      counters.take('pace', perSecond, burst, facts.at);
    return {
      judge: (facts, counters) => (mayCome(facts, counters) ? pass : refusal),
      explain(facts, counters) {
        const stranger = isStranger(facts.source);
        const comes = mayCome(facts, counters);
        const whose = stranger ? `the ${strangersPercent} % that strangers get of ` : '';
        return {
          saw: `${comes ? 'within' : 'beyond'} ${whose}${perSecond} registrations a second and ${burst} at once`,
          setting: ['registration', 'pbx-pace', stranger ? 'strangersPercent' : 'perSecond'],
          ...(!comes && { flip: 'later, or a higher number' }),
        };
      },
    };
  },
});
