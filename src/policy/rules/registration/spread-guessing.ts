import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { registrationAnswerOption } from '../../rule-options.ts';
import { allWindows, spreadOptions, spreadOver, spreadSeen } from '../../spread-windows.ts';
import { pass, refuseRegistration } from '../../verdict.ts';

const options = z.strictObject({
  ...spreadOptions({ tenMinutes: 6, hour: 10, day: 20 }, 'extensions at which one source fails'),
  blockSeconds: z.int().min(0).max(31_536_000).default(3600).describe('0: it is not blocked'),
  answer: registrationAnswerOption(),
});

const shortest = ['tenMinutes'] as const;

/**
 * R13. Three passwords at each of a thousand extensions never lock one of them. An office whose phones all lost their
 * passwords looks the same for a while: where phones are registered only the last ten minutes count, and nobody is
 * blocked.
 */
export const spreadGuessing = defineRule({
  name: 'spread-guessing',
  stage: 'registration',
  requirement: 'R13',
  summary:
    'refuses and blocks a source that fails at many extensions, over minutes, hours or a day',
  reasons: ['guessing-many-extensions'],
  mode: 'on',
  options,
  create({ blockSeconds, answer, ...limits }) {
    const refusal = refuseRegistration(answer, 'guessing-many-extensions');
    const blocking =
      blockSeconds === 0
        ? refusal
        : refuseRegistration(answer, 'guessing-many-extensions', {
            block: { seconds: blockSeconds },
          });
    return {
      judge(facts, counters) {
        const { at, source } = facts;
        if (!facts.credentials || facts.holder || source.tier === 'trusted') return pass;
        const { shared } = facts;
        const windows = shared ? shortest : allWindows;
        const over = spreadOver(counters, guessedBy(source.key), limits, windows, at);
        return over === undefined ? pass : shared ? refusal : blocking;
      },
      explain({ at, source, credentials, holder, shared }, counters) {
        const windows = shared ? shortest : allWindows;
        const key = guessedBy(source.key);
        const over = spreadOver(counters, key, limits, windows, at) ?? 'tenMinutes';
        const exempt = [
          !credentials && 'no credentials yet',
          holder && 'a device that is registered already',
          shared && 'phones are registered at the source',
        ].filter((why) => why !== false);
        return {
          saw: [
            `${source.key} failed at extensions: ${spreadSeen(counters, key, at)}`,
            ...exempt,
          ].join('; '),
          setting: ['registration', 'spread-guessing', over],
          flip: 'wait, or put the source on the list of allowed addresses',
        };
      },
    };
  },
});

/** Under which the extensions are counted that a source failed at. */
export const guessedBy = (source: string): string => `guessed by ${source}`;
