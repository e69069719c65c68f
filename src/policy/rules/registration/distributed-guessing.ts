import { z } from 'zod';
import type { Counters } from '../../counters.ts';
import type { RegistrationFacts } from '../../facts.ts';
import { defineRule } from '../../rule.ts';
import { registrationAnswerOption } from '../../rule-options.ts';
import {
  allWindows,
  spreadOptions,
  spreadOver,
  spreadSeen,
  spreadWindows,
} from '../../spread-windows.ts';
import { pass, refuseRegistration } from '../../verdict.ts';
import { wholeNetworkOf } from '../../whole-network.ts';

const options = z.strictObject({
  ...spreadOptions({ tenMinutes: 8, hour: 15, day: 20 }, 'sources that fail at one extension'),
  seconds: z
    .int()
    .min(60)
    .max(604_800)
    .default(3600)
    .describe('so long after the last of it the extension stays guarded'),
  everywhere: z
    .strictObject(
      spreadOptions({ tenMinutes: 40, hour: 80, day: 200 }, 'sources that fail at any extensions'),
    )
    .prefault({})
    .describe('so many sources that fail, wherever, are told of as an attack'),
  answer: registrationAnswerOption(),
});

/** Whoever failed so often where many did was one of them, and not somebody who mistyped. */
const FAILURES_OF_ONE = 3;

/**
 * R13. A thousand machines that try three passwords each are no source's fault, and no lockout sees them. Their
 * extension is guarded while they try, and for a while after: only who is known may then try, which is where the
 * extension is registered, or was within a month, and where other phones are, or were within a day; there three times, for
 * one stolen password makes each address of a botnet such a place. What counts
 * answered a challenge, so nobody who only writes addresses raises a guard, and nobody is refused where he was before. Who
 * travels meanwhile, to where he never was, waits or has the guard lifted: a password that is guessed costs more.
 *
 * A source counts once a day, and an IPv6 network as one: a few that come again and again cannot hold a guard. Once it has
 * ended, those who raised it stay out for the rest of the day, and nobody else does.
 */
export const distributedGuessing = defineRule({
  name: 'distributed-guessing',
  stage: 'registration',
  requirement: 'R13',
  summary: 'guards an extension at which many sources fail: only who is known there may try',
  reasons: ['guessed-by-many'],
  mode: 'on',
  options,
  create({ answer, seconds: _, everywhere: __, ...limits }) {
    const refusal = refuseRegistration(answer, 'guessed-by-many');
    const { day } = spreadWindows;
    const guesses = (from: string, { at, extension }: RegistrationFacts, counters: Counters) =>
      counters.failures(`${extension}|${from}`, day, at) >= FAILURES_OF_ONE;
    const wasOneOfMany = (facts: RegistrationFacts, counters: Counters) =>
      guesses(wholeNetworkOf(facts.source.key), facts, counters) &&
      counters.distinct(guessersOf(facts.extension), day, facts.at) >= limits.tenMinutes;
    /** Phones are or were there, and it has not failed too often itself. */
    const isExcused = (facts: RegistrationFacts, counters: Counters) =>
      facts.source.familiar && !guesses(facts.source.key, facts, counters);
    return {
      judge(facts, counters) {
        const { at, extension, source } = facts;
        // one after the other: most have no credentials, and the rest is looked up
        if (!facts.credentials || facts.holder || facts.atHome) return pass;
        if (source.tier === 'trusted' || isExcused(facts, counters)) return pass;
        if (facts.guard !== undefined) return refusal;
        const over = spreadOver(counters, guessersOf(extension), limits, allWindows, at);
        return over === undefined && !wasOneOfMany(facts, counters) ? pass : refusal;
      },
      explain(facts, counters) {
        const { at, extension, source, credentials, atHome, guard } = facts;
        const key = guessersOf(extension);
        const over = spreadOver(counters, key, limits, allWindows, at) ?? 'tenMinutes';
        const guarded =
          guard !== undefined && `${extension} is guarded (${guard.by}: ${guard.evidence})`;
        const notes = [
          wasOneOfMany(facts, counters) && `${source.key} was one of them`,
          !credentials && 'no credentials yet',
          atHome && 'it is or was registered at this one',
          !atHome &&
            source.familiar &&
            `phones are or were registered at this one${isExcused(facts, counters) ? '' : ', and it failed too often itself'}`,
        ];
        return {
          saw: [
            guarded,
            `sources that failed at ${extension}: ${spreadSeen(counters, key, at)}`,
            ...notes,
          ]
            .filter((part) => part !== false)
            .join('; '),
          setting: ['registration', 'distributed-guessing', over],
          flip: `a source where the extension was registered; or drawbridge unguard ${extension}`,
        };
      },
    };
  },
});

/** Under which the sources are counted that failed at an extension. */
export const guessersOf = (extension: string): string => `guessers of ${extension}`;

/** The same of all extensions together. */
export const everybody = 'guessers';
