import { z } from 'zod';
import type { Counters } from '../../counters.ts';
import type { RequestFacts, Source } from '../../facts.ts';
import { isStranger } from '../../is-stranger.ts';
import { defineRule } from '../../rule.ts';
import { secondsOption } from '../../rule-options.ts';
import { pass, refuse, reject, type Verdict } from '../../verdict.ts';

const options = z.strictObject({
  busyPercent: z
    .int()
    .min(10)
    .max(100)
    .default(90)
    .describe(
      'strangers wait when the thread that handles packets is busy for so much of a second; 100: never for that',
    ),
  pbxSlowMs: z
    .int()
    .min(10)
    .max(60_000)
    .default(1000)
    .describe(
      'and when the quickest PBX node takes so long to answer OPTIONS; at four times that new calls get shares',
    ),
  lastsSeconds: secondsOption(3, 'how long that holds after the last sign of it'),
  callsPerSecond: z
    .number()
    .min(0.01)
    .max(100_000)
    .default(1)
    .describe('new calls of one phone, or of one address, in the long run, when calls get shares'),
  callsBurst: z.int().min(1).max(1_000_000).default(3).describe('and at once'),
  retryAfterSeconds: secondsOption(5, 'told with 503: when to try again at the earliest'),
  spreadSeconds: secondsOption(
    30,
    'so much later at most, by chance: they are not to come all at once',
  ),
});

/**
 * N13. When the gate has no time left, or the PBX slows, those wait first whom nobody knows, then new calls beyond a
 * share for each phone; never what belongs to a live call, and never an emergency call.
 */
export const overload = defineRule({
  name: 'overload',
  stage: 'network',
  requirement: 'N13',
  summary:
    'sends strangers away, then new calls beyond a share, when the gate or the PBX is overloaded',
  reasons: ['overload'],
  mode: 'on',
  options,
  create({ callsPerSecond, callsBurst, retryAfterSeconds, spreadSeconds }) {
    const silent = refuse('silence', 'overload');
    const later = reject(503, 'overload', { retryAfterSeconds, spreadSeconds });
    const beginsCall = ({ method, inDialog }: RequestFacts) => method === 'INVITE' && !inDialog;
    const hasShare = ({ source, at }: RequestFacts, counters: Counters) =>
      counters.take(`overload ${whose(source)}`, callsPerSecond, callsBurst, at);
    return {
      judge(facts, counters): Verdict {
        const pressure = counters.pressure();
        if (pressure === 'none') return pass;
        if (isStranger(facts.source)) return facts.source.transport === 'udp' ? silent : later;
        if (pressure === 'strangers' || !beginsCall(facts) || hasShare(facts, counters))
          return pass;
        return later;
      },
      explain(facts, counters) {
        const pressure = counters.pressure();
        const who = isStranger(facts.source) ? 'a stranger' : 'a source that is known';
        return {
          saw: pressure === 'none' ? 'no overload' : `${who}, and ${saysOf[pressure]}`,
          ...(pressure !== 'none' && { flip: 'less load, or its address among network.allowed' }),
        };
      },
    };
  },
});

/** A phone has a share of its own, whoever else is behind its address. */
const whose = ({ tier, address, port, key }: Source): string =>
  tier === 'unknown' ? key : `${address} ${port}`;

const saysOf = {
  strangers: 'strangers wait for now',
  calls: 'strangers wait and new calls have shares for now',
} as const;
