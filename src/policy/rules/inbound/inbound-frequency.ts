import { z } from 'zod';
import { calledOf, callerOf, keyOf } from '../../call-keys.ts';
import type { Counters } from '../../counters.ts';
import type { CallFacts } from '../../facts.ts';
import { defineRule } from '../../rule.ts';
import { answerOption, whenAloneOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';
import { refusedAlone, seesNobody } from '../../when-alone.ts';

const limit = z
  .strictObject({
    calls: z.int().min(1).max(1000).describe('at most so many'),
    seconds: z.int().min(1).max(86_400).describe('in so many seconds'),
  })
  .nullable();

const options = z.strictObject({
  caller: limit
    .default({ calls: 10, seconds: 10 })
    .describe('at most so many calls in so many seconds by one caller; null: any number'),
  called: limit
    .default({ calls: 20, seconds: 10 })
    .describe('to one called number: flooding of one line'),
  trunk: limit.default({ calls: 50, seconds: 10 }).describe('by one trunk'),
  answer: answerOption(486),
  whenAlone: whenAloneOption,
});
const counted = ['caller', 'called', 'trunk'] as const;

/** I2. Callers that show no number are told apart by nothing, so only what they call and their trunk counts. */
export const inboundFrequency = defineRule({
  name: 'inbound-frequency',
  stage: 'inbound',
  requirement: 'I2',
  summary: 'refuses floods of calls by one caller, to one number or over one trunk',
  reasons: ['calls-too-frequent', 'others-unknown'],
  mode: 'on',
  options,
  create({ answer, whenAlone, ...limits }) {
    const isClosed = (counters: Counters) => counters.alone?.() === true && whenAlone === 'closed';
    const refusals = {
      caller: refusalOf(limits.caller),
      called: refusalOf(limits.called),
      trunk: refusalOf(limits.trunk),
    };
    function refusalOf(one: z.output<typeof limit>) {
      return refuse(answer, 'calls-too-frequent', { retryAfterSeconds: one?.seconds ?? 1 });
    }
    const made = (what: (typeof counted)[number], facts: CallFacts, counters: Counters) => {
      const name = nameOf(what, facts);
      const one = limits[what];
      if (name === undefined || one === null) return undefined;
      const count = counters.calls(keyOf(what, name), one.seconds, facts.at);
      const saw = `call ${count} of ${what} ${name} in ${one.seconds} s, allowed ${one.calls}`;
      return { saw, over: count > one.calls, count, one };
    };
    return {
      judge(facts, counters) {
        if (isClosed(counters)) return refusedAlone;
        for (const what of counted) {
          const name = nameOf(what, facts);
          const one = limits[what];
          if (name === undefined || one === null) continue;
          if (counters.calls(keyOf(what, name), one.seconds, facts.at) > one.calls)
            return refusals[what];
        }
        return pass;
      },
      explain(facts, counters) {
        if (isClosed(counters)) return seesNobody(['inbound', 'inbound-frequency', 'whenAlone']);
        const seen: string[] = [];
        for (const what of counted) {
          const found = made(what, facts, counters);
          if (found?.over === true)
            return {
              saw: found.saw,
              setting: ['inbound', 'inbound-frequency', what],
              flip: `wait ${found.one.seconds} s, or allow ${found.count} calls`,
            };
          if (found !== undefined) seen.push(found.saw);
        }
        return { saw: seen.join(', ') || 'no limit' };
      },
    };
  },
});

function nameOf(what: (typeof counted)[number], facts: CallFacts): string | undefined {
  switch (what) {
    case 'caller':
      return callerOf(facts);
    case 'called':
      return calledOf(facts);
    case 'trunk':
      return facts.trunk;
  }
}
