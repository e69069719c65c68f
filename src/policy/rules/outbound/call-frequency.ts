import { z } from 'zod';
import { ALL, countsAlready, keyOf } from '../../call-keys.ts';
import type { Counters } from '../../counters.ts';
import type { CallFacts } from '../../facts.ts';
import { defineRule } from '../../rule.ts';
import { answerOption, whenAloneOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';
import { refusedAlone, seesNobody } from '../../when-alone.ts';

const limit = z.strictObject({
  calls: z.int().min(1).max(1000).describe('at most so many'),
  seconds: z.int().min(1).max(86_400).describe('in so many seconds'),
  each: z
    .enum(['extension', 'group', 'source', 'route', 'all'])
    .describe('extension, group, source, route; all: all of them together'),
  extensions: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('for these, in place of limits for the same `each` that name nobody'),
  groups: z.array(z.string().min(1)).min(1).optional().describe('the same, of groups'),
});
type Limit = z.output<typeof limit>;

const options = z.strictObject({
  limits: z
    .array(limit)
    .default([{ calls: 5, seconds: 1, each: 'extension' }])
    .describe('every one that applies must hold'),
  answer: answerOption(480),
  whenAlone: whenAloneOption,
});

/**
 * O7. A stolen extension is used by programs, and programs are fast. Calls count that were let through; one that is
 * challenged and comes again with credentials counts once, and so does one that the PBX sends on to a trunk.
 */
export const callFrequency = defineRule({
  name: 'call-frequency',
  stage: 'outbound',
  requirement: 'O7',
  summary: 'refuses more calls in a short time than a person makes',
  reasons: ['calls-too-frequent', 'others-unknown'],
  mode: 'on',
  options,
  create({ limits, answer, whenAlone }) {
    const refusals = limits.map(({ seconds }) =>
      refuse(answer, 'calls-too-frequent', { retryAfterSeconds: seconds }),
    );
    const named = limits.filter(({ extensions, groups }) => extensions ?? groups);

    const isForAll = ({ extensions, groups }: Limit): boolean =>
      extensions === undefined && groups === undefined;
    const names = ({ extensions, groups }: Limit, { extension, profile }: CallFacts): boolean =>
      (extension !== undefined && extensions?.includes(extension) === true) ||
      (groups?.some((group) => profile.groups.includes(group)) ?? false);
    const applies = (one: Limit, facts: CallFacts): boolean => {
      if (named.length === 0) return true;
      return isForAll(one)
        ? !named.some((other) => other.each === one.each && names(other, facts))
        : names(one, facts);
    };
    const isClosed = (facts: CallFacts, counters: Counters): boolean =>
      counters.alone?.() === true &&
      whenAlone === 'closed' &&
      limits.some((one) => applies(one, facts));
    const isOver = ({ calls }: Limit, made: number): boolean => made > calls;
    /** The limit that is crossed, and by whom. */
    const crossed = (facts: CallFacts, made: (key: string, seconds: number) => number) => {
      for (const [at, one] of limits.entries()) {
        if (!applies(one, facts)) continue;
        for (const key of keysFor(one.each, facts)) {
          const count = made(key, one.seconds);
          if (isOver(one, count)) return { at, one, key, count };
        }
      }
      return undefined;
    };

    return {
      judge(facts, counters) {
        if (facts.asksAgain || countsAlready(facts)) return pass;
        if (isClosed(facts, counters)) return refusedAlone;
        const found = crossed(facts, (key, seconds) => counters.calls(key, seconds, facts.at));
        return (found === undefined ? undefined : refusals[found.at]) ?? pass;
      },
      explain(facts, counters) {
        if (isClosed(facts, counters))
          return seesNobody(['outbound', 'call-frequency', 'whenAlone']);
        const made = (key: string, seconds: number) => counters.calls(key, seconds, facts.at);
        const found = crossed(facts, made);
        if (found === undefined) {
          const seen = limits.flatMap((one) =>
            applies(one, facts)
              ? keysFor(one.each, facts).map((key) => show(key, made(key, one.seconds), one))
              : [],
          );
          return { saw: seen.join(', ') || 'no limit' };
        }
        const { at, one, key, count } = found;
        return {
          saw: show(key, count, one),
          setting: ['outbound', 'call-frequency', 'limits', at],
          flip: `wait ${one.seconds} s, or allow ${count} calls in ${one.seconds} s`,
        };
      },
    };
  },
});

const show = (key: string, count: number, { calls, seconds }: Limit): string =>
  `call ${count} of ${key} in ${seconds} s, allowed ${calls}`;

function keysFor(each: Limit['each'], facts: CallFacts): readonly string[] {
  switch (each) {
    case 'extension':
      return facts.extension === undefined ? none : [keyOf('extension', facts.extension)];
    case 'group':
      return facts.profile.groups.map((group) => keyOf('group', group));
    case 'source':
      return [keyOf('source', facts.source.key)];
    case 'route':
      return facts.route === undefined ? none : [keyOf('route', facts.route.name)];
    case 'all':
      return [ALL];
  }
}

const none: readonly string[] = [];
