import { z } from 'zod';
import { ALL, countedRoute, countsAlready, keyOf } from '../../call-keys.ts';
import type { Counters } from '../../counters.ts';
import type { CallFacts } from '../../facts.ts';
import { defineRule, type SettingPath } from '../../rule.ts';
import { answerOption, whenAloneOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';
import { refusedAlone, seesNobody } from '../../when-alone.ts';

const most = z.int().min(0).max(100_000);
const byName = z.record(z.string().min(1), most);

const options = z.strictObject({
  extension: most
    .nullable()
    .default(5)
    .describe('live calls of each extension; concurrentCalls of an extension or group outranks it'),
  source: most.nullable().default(null).describe('of each source address; null: any number'),
  all: most.nullable().default(null).describe('of all together, inbound ones too'),
  groups: byName.default({}).describe('of all extensions of a group together: { sales: 10 }'),
  routes: byName.default({}).describe('by an outbound route: { abroad: 2 }'),
  trunks: byName.default({}).describe('over a trunk, inbound ones too: { carrier: 30 }'),
  answer: answerOption(486),
  whenAlone: whenAloneOption,
});

/** O8. Whoever steals an extension calls as often at once as it may. Live are calls from the verdict to their end. */
export const concurrentCalls = defineRule({
  name: 'concurrent-calls',
  stage: 'outbound',
  requirement: 'O8',
  summary: 'refuses more calls at once than an extension, a group, a route or a trunk may have',
  reasons: ['calls-too-many', 'others-unknown'],
  mode: 'on',
  options,
  create(limits, { extensions }) {
    const refusal = refuse(limits.answer, 'calls-too-many');
    const here = (...path: SettingPath): SettingPath => ['outbound', 'concurrent-calls', ...path];
    const isClosed = (counters: Counters) =>
      counters.alone?.() === true && limits.whenAlone === 'closed';
    const namesAny = (table: object): boolean => Object.keys(table).length > 0;
    const hasGroups = namesAny(limits.groups);

    /** Every limit that the call counts under. */
    const limitsOn = (facts: CallFacts): Counted[] => {
      const { profile, source, trunk } = facts;
      const route = countedRoute(facts);
      const anew = !countsAlready(facts);
      const extension = anew ? facts.extension : undefined;
      const own = profile.concurrentCalls ?? limits.extension;
      const found: Counted[] = [];
      if (extension !== undefined && own !== null)
        found.push({
          key: keyOf('extension', extension),
          most: own,
          setting: () => extensions.whereSet(extension, 'concurrentCalls') ?? here('extension'),
        });
      if (hasGroups && anew)
        for (const group of profile.groups)
          addNamed(found, 'group', limits.groups, group, here('groups', group));
      if (limits.source !== null && source.realm === 'access')
        found.push({
          key: keyOf('source', source.key),
          most: limits.source,
          setting: () => here('source'),
        });
      if (route !== undefined)
        addNamed(found, 'route', limits.routes, route, here('routes', route));
      if (trunk !== undefined)
        addNamed(found, 'trunk', limits.trunks, trunk, here('trunks', trunk));
      if (limits.all !== null && anew)
        found.push({ key: ALL, most: limits.all, setting: () => here('all') });
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
        if (seen.length > 0 && isClosed(counters)) return seesNobody(here('whenAlone'));
        const show = ({ key, most }: Counted): string =>
          `${key} has ${counters.live(key)} live, allowed ${most}`;
        const full = seen.find(({ key, most }) => counters.live(key) >= most);
        if (full === undefined) return { saw: seen.map(show).join(', ') || 'no limit' };
        return {
          saw: show(full),
          setting: full.setting(),
          flip: `end a call, or allow ${full.key} ${counters.live(full.key) + 1}`,
        };
      },
    };
  },
});

interface Counted {
  readonly key: string;
  readonly most: number;
  readonly setting: () => SettingPath;
}

function addNamed(
  found: Counted[],
  counted: 'group' | 'route' | 'trunk',
  table: Readonly<Record<string, number>>,
  name: string,
  setting: SettingPath,
): void {
  const most = Object.hasOwn(table, name) ? table[name] : undefined;
  if (most !== undefined) found.push({ key: keyOf(counted, name), most, setting: () => setting });
}
