import { z } from 'zod';
import type { Counters } from '../../counters.ts';
import type { RegistrationFacts } from '../../facts.ts';
import { failureKinds, MOST_REMEMBERED } from '../../failure-kinds.ts';
import { defineRule } from '../../rule.ts';
import { registrationAnswerOption } from '../../rule-options.ts';
import { pass, refuseRegistration } from '../../verdict.ts';
import { networkAround, SOURCES_OF_A_NETWORK } from '../../whole-network.ts';

const options = z.strictObject({
  failures: z
    .int()
    .min(1)
    .max(MOST_REMEMBERED)
    .default(10)
    .describe('so many of one source at one extension lock that extension for that source'),
  sourceFailures: z
    .int()
    .min(1)
    .max(MOST_REMEMBERED)
    .default(10)
    .describe('so many of one source at several extensions block the source'),
  seconds: z.int().min(60).max(86_400).default(1800).describe('within which they are counted'),
  insisting: z
    .int()
    .min(1)
    .max(10_000)
    .default(20)
    .describe('a source that tries so often within a minute, though locked out, is blocked'),
  blockSeconds: z.int().min(0).max(31_536_000).default(1800).describe('0: it is not blocked'),
  answer: registrationAnswerOption(),
});

const INSISTING_SECONDS = 60;

/** How far the failures of a source at an extension count against its network. */
export type LockoutLimits = Pick<z.output<typeof options>, 'failures' | 'seconds'>;

/**
 * R6. What is counted answered a challenge that went to that very source (`proven-credentials`), so nobody can be locked
 * out by what others write in his name. An extension is never locked for all: only for the source that failed. A
 * device that holds a registration is let through whatever others behind its address do, and an address where phones are
 * registered is not blocked for the failures of one of them. Whoever has a /48 of IPv6 has 65,536 sources: they are locked
 * out together, where no phone is known; but what one of them does counts against all no further than until it is locked out
 * itself, or it alone could shut an extension out of all of them.
 */
export const lockout = defineRule({
  name: 'lockout',
  stage: 'registration',
  requirement: 'R6',
  summary:
    'locks an extension for a source that fails too often, and blocks sources that try several',
  reasons: ['locked-out', 'guessing'],
  mode: 'on',
  options,
  create({ failures, sourceFailures, seconds, insisting, blockSeconds, answer }) {
    const block = blockSeconds === 0 ? {} : { block: { seconds: blockSeconds } };
    const locked = refuseRegistration(answer, 'locked-out');
    const insists = refuseRegistration(answer, 'locked-out', block);
    const guesses = refuseRegistration(answer, 'guessing', block);
    const failedInNetwork = (facts: RegistrationFacts, counters: Counters): number => {
      const network = networkAround(facts);
      if (network === undefined) return 0;
      return counters.failures(`${facts.extension}|${network}`, seconds, facts.at);
    };
    const ofNetwork = Math.min(failures * SOURCES_OF_A_NETWORK, MOST_REMEMBERED);
    /** The limit that is reached. */
    const reached = (facts: RegistrationFacts, counters: Counters): number | undefined => {
      if (counters.failures(keyOf(facts), seconds, facts.at) >= failures) return failures;
      return failedInNetwork(facts, counters) >= ofNetwork ? ofNetwork : undefined;
    };
    return {
      judge(facts, counters) {
        const { at, source } = facts;
        if (!facts.credentials || facts.holder || source.tier === 'trusted') return pass;
        const { shared } = facts;
        if (reached(facts, counters) !== undefined) {
          if (shared) return locked;
          const tries = counters.within(`locked out ${source.key}`, INSISTING_SECONDS, at);
          return tries > insisting ? insists : locked;
        }
        if (shared) return pass;
        return counters.failures(source.key, seconds, at) >= sourceFailures ? guesses : pass;
      },
      explain(facts, counters) {
        const { at, extension, source, credentials, holder, shared } = facts;
        const here = counters.failures(keyOf(facts), seconds, at);
        const all = counters.failures(source.key, seconds, at);
        const around = failedInNetwork(facts, counters);
        const most = reached(facts, counters);
        const notes = [
          around > here && `${around} of its /48`,
          !credentials && 'no credentials yet',
          holder && 'a device that is registered already',
          shared && 'phones are registered at the source',
        ].filter((why) => why !== false);
        return {
          saw: [
            `${here} failures of ${source.key} at ${extension}${kindsOf(facts, counters, seconds)}, ${all} in all, within ${seconds} s`,
            ...notes,
          ].join('; '),
          setting: ['registration', 'lockout', most === undefined ? 'sourceFailures' : 'failures'],
          flip: `wait until less than ${most ?? sourceFailures} are younger than ${seconds} s`,
        };
      },
    };
  },
});

const keyOf = ({ extension, source }: RegistrationFacts): string => `${extension}|${source.key}`;

function kindsOf(facts: RegistrationFacts, counters: Counters, seconds: number): string {
  const counted = failureKinds
    .map((kind) => [kind, counters.failures(keyOf(facts), seconds, facts.at, kind)] as const)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind} ${count}`);
  return counted.length === 0 ? '' : ` (${counted.join(', ')})`;
}
