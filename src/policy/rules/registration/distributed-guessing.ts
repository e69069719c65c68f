import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { registrationAnswerOption } from '../../rule-options.ts';
import { allWindows, spreadOptions, spreadOver, spreadSeen } from '../../spread-windows.ts';
import { pass, refuseRegistration } from '../../verdict.ts';

const options = z.strictObject({
  ...spreadOptions({ tenMinutes: 8, hour: 15, day: 40 }, 'sources that fail at one extension'),
  answer: registrationAnswerOption(),
});

/**
 * R13. A thousand machines that try three passwords each are no source's fault. On, it raises the guard: until it calms
 * down only sources where the extension is registered may try. In shadow, which is the default, it is only said: who
 * travels must be able to register too.
 */
export const distributedGuessing = defineRule({
  name: 'distributed-guessing',
  stage: 'registration',
  requirement: 'R13',
  summary:
    'sees many sources failing at one extension; on, only sources where it is registered may try',
  reasons: ['guessed-by-many'],
  mode: 'shadow',
  options,
  create({ answer, ...limits }) {
    const refusal = refuseRegistration(answer, 'guessed-by-many');
    return {
      judge(facts, counters) {
        const { at, extension, source } = facts;
        // one after the other: most have no credentials, and the rest is looked up
        if (!facts.credentials || facts.holder || facts.registeredHere) return pass;
        if (source.tier === 'trusted') return pass;
        const over = spreadOver(counters, guessersOf(extension), limits, allWindows, at);
        return over === undefined ? pass : refusal;
      },
      explain({ at, extension, registeredHere }, counters) {
        const key = guessersOf(extension);
        const over = spreadOver(counters, key, limits, allWindows, at) ?? 'tenMinutes';
        return {
          saw: `sources that failed at ${extension}: ${spreadSeen(counters, key, at)}${registeredHere ? '; it is registered at this one' : ''}`,
          setting: ['registration', 'distributed-guessing', over],
          flip: 'a source where the extension is registered',
        };
      },
    };
  },
});

/** Under which the sources are counted that failed at an extension. */
export const guessersOf = (extension: string): string => `guessers of ${extension}`;
