import { z } from 'zod';
import type { Counters } from '../../counters.ts';
import type { BrokenFacts } from '../../facts.ts';
import { defineRule } from '../../rule.ts';
import { blockFor, blockSecondsOption, secondsOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  most: z.int().min(1).max(100_000).default(20).describe('so many may come from one source'),
  seconds: secondsOption(60, 'within so many seconds'),
  blockSeconds: blockSecondsOption(3600),
});

/**
 * N9. A message that is no SIP, is too long, or lies about its length, hops or addresses. A phone that is known is told
 * what is wrong with it; a stranger is told nothing, and one who goes on is blocked.
 */
export const brokenMessages = defineRule({
  name: 'broken-messages',
  stage: 'broken',
  requirement: 'N9',
  summary: 'leaves broken messages of strangers unanswered, and blocks who sends many',
  reasons: ['message-broken'],
  mode: 'on',
  options,
  create({ most, seconds, blockSeconds }) {
    const silence = refuse('silence', 'message-broken');
    const blocking = refuse('silence', 'message-broken', blockFor(blockSeconds));
    const count = ({ at, source }: BrokenFacts, counters: Counters): number =>
      counters.packets('broken', source.key, seconds, at);
    return {
      judge(facts, counters) {
        if (facts.source.tier !== 'unknown') return pass;
        return count(facts, counters) > most ? blocking : silence;
      },
      explain(facts, counters) {
        const number = facts.source.tier === 'unknown' ? count(facts, counters) : 0;
        return {
          saw:
            number === 0
              ? `${facts.problem}, from a phone that is known`
              : `${facts.problem}, number ${number} in ${seconds} s, ${most} before it is blocked`,
          flip: 'a message that is sound, or a phone that is registered',
        };
      },
    };
  },
});
