import { z } from 'zod';
import type { PacketFacts } from '../../facts.ts';
import { defineRule } from '../../rule.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  perSecond: z.number().min(1).max(1_000_000).default(1000).describe('in the long run'),
  burst: z.int().min(1).max(10_000_000).default(3000).describe('at once'),
});

const KEY = 'strangers';

/**
 * N13. A flood from forged or rented addresses crosses the limit of no single one. What strangers may send together
 * is bounded too, so that reading it leaves time for those who are known; they have no part in it.
 */
export const strangersShare = defineRule({
  name: 'strangers-share',
  stage: 'packet',
  requirement: 'N13',
  summary: 'drops datagrams of strangers beyond what all of them together may send',
  reasons: ['strangers-share'],
  mode: 'on',
  options,
  create({ perSecond, burst }) {
    const refusal = refuse('silence', 'strangers-share');
    const isStranger = ({ source }: PacketFacts) =>
      source.transport === 'udp' && !source.familiar && source.tier === 'unknown';
    return {
      judge(facts, counters) {
        return !isStranger(facts) || counters.take(KEY, perSecond, burst, facts.at)
          ? pass
          : refusal;
      },
      explain(facts, counters) {
        const stranger = isStranger(facts);
        const left = counters.take(KEY, perSecond, burst, facts.at);
        return {
          saw: !stranger
            ? 'no datagram of a stranger'
            : `all strangers together, ${left ? 'within' : 'beyond'} ${perSecond} datagrams a second and ${burst} at once`,
          setting: ['network', 'strangers-share', 'perSecond'],
          ...(stranger && !left && { flip: 'a registered phone, or network.allowed' }),
        };
      },
    };
  },
});
