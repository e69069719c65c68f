import { z } from 'zod';
import { ALL, calledOf, callerOf, keyOf } from '../../call-keys.ts';
import type { Counters } from '../../counters.ts';
import type { CallFacts } from '../../facts.ts';
import { defineRule, type SettingPath } from '../../rule.ts';
import { answerOption, whenAloneOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';
import { refusedAlone, seesNobody } from '../../when-alone.ts';

const most = z.int().min(1).max(100_000).nullable();

const options = z.strictObject({
  caller: most.default(5).describe('live calls by one caller; null: any number'),
  called: most.default(30).describe('to one called number'),
  trunk: most.default(null).describe('over one trunk'),
  trunks: z
    .record(z.string().min(1), z.int().min(0).max(100_000))
    .default({})
    .describe('over single trunks, in place of `trunk`: { carrier: 30 }; outbound ones count too'),
  all: most.default(null).describe('of all together, outbound ones too'),
  answer: answerOption(486),
  whenAlone: whenAloneOption,
});

/** I2. Calls that are held open fill every line as well as those that come fast. */
export const inboundCalls = defineRule({
  name: 'inbound-calls',
  stage: 'inbound',
  requirement: 'I2',
  summary: 'refuses more live calls by one caller, to one number or over one trunk than may be',
  reasons: ['calls-too-many', 'others-unknown'],
  mode: 'on',
  options,
  create({ caller, called, trunk, trunks, all, answer, whenAlone }) {
    const isClosed = (counters: Counters) => counters.alone?.() === true && whenAlone === 'closed';
    const refusal = refuse(answer, 'calls-too-many');
    const ofTrunk = (name: string) =>
      Object.hasOwn(trunks, name)
        ? { most: trunks[name] ?? null, path: ['trunks', name] }
        : { most: trunk, path: ['trunk'] };
    const limitsOn = (facts: CallFacts): Counted[] => {
      const found: Counted[] = [];
      const add = (key: string, most: number | null, path: SettingPath) => {
        if (most !== null) found.push({ key, most, path });
      };
      const from = callerOf(facts);
      if (from !== undefined) add(keyOf('caller', from), caller, ['caller']);
      add(keyOf('called', calledOf(facts)), called, ['called']);
      if (facts.trunk !== undefined) {
        const { most, path } = ofTrunk(facts.trunk);
        add(keyOf('trunk', facts.trunk), most, path);
      }
      add(ALL, all, ['all']);
      return found;
    };
    return {
      judge(facts, counters) {
        const found = limitsOn(facts);
        if (found.length > 0 && isClosed(counters)) return refusedAlone;
        // each is asked for, so that a place can be had under all of them
        const full = found.filter(({ key, most }) => counters.live(key, most) >= most);
        return full.length > 0 ? refusal : pass;
      },
      explain(facts, counters) {
        const seen = limitsOn(facts);
        if (seen.length > 0 && isClosed(counters))
          return seesNobody(['inbound', 'inbound-calls', 'whenAlone']);
        const show = ({ key, most }: Counted): string =>
          `${key} has ${counters.live(key)} live, allowed ${most}`;
        const full = seen.find(({ key, most }) => counters.live(key) >= most);
        if (full === undefined) return { saw: seen.map(show).join(', ') || 'no limit' };
        return {
          saw: show(full),
          setting: ['inbound', 'inbound-calls', ...full.path],
          flip: `end a call, or allow ${counters.live(full.key) + 1}`,
        };
      },
    };
  },
});

interface Counted {
  readonly key: string;
  readonly most: number;
  readonly path: SettingPath;
}
