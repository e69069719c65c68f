import { z } from 'zod';
import type { Counters } from '../../counters.ts';
import type { RegistrationFacts } from '../../facts.ts';
import { defineRule } from '../../rule.ts';
import { registrationAnswerOption } from '../../rule-options.ts';
import {
  allWindows,
  type SpreadLimits,
  spreadOptions,
  spreadOver,
  spreadSeen,
  type Window,
} from '../../spread-windows.ts';
import { pass, refuseRegistration } from '../../verdict.ts';
import { networkAround, SOURCES_OF_A_NETWORK, wholeNetworkOf } from '../../whole-network.ts';

const options = z.strictObject({
  ...spreadOptions({ tenMinutes: 6, hour: 10, day: 20 }, 'extensions at which one source fails'),
  blockSeconds: z.int().min(0).max(31_536_000).default(3600).describe('0: it is not blocked'),
  answer: registrationAnswerOption(),
});

const shortest = ['tenMinutes'] as const;

/**
 * R13. Three passwords at each of a thousand extensions never lock one of them. An office whose phones all lost their
 * passwords looks the same for a while: where phones are registered only the last ten minutes count, and nobody is
 * blocked. Whoever has a /48 of IPv6 tries each extension from another source: all of it is refused after three times as
 * many, where no phone is known, and not blocked, for it may be a town.
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
    const aroundLimits = limitsOfNetwork(limits);
    const overAround = (facts: RegistrationFacts, counters: Counters): Window | undefined => {
      const network = facts.shared ? undefined : networkAround(facts);
      if (network === undefined) return undefined;
      return spreadOver(counters, guessedBy(network), aroundLimits, allWindows, facts.at);
    };
    return {
      judge(facts, counters) {
        const { at, source } = facts;
        if (!facts.credentials || facts.holder || source.tier === 'trusted') return pass;
        const { shared } = facts;
        const windows = shared ? shortest : allWindows;
        const over = spreadOver(counters, guessedBy(source.key), limits, windows, at);
        if (over !== undefined) return shared ? refusal : blocking;
        return overAround(facts, counters) === undefined ? pass : refusal;
      },
      explain(facts, counters) {
        const { at, source, credentials, holder, shared } = facts;
        const windows = shared ? shortest : allWindows;
        const key = guessedBy(source.key);
        const own = spreadOver(counters, key, limits, windows, at);
        const around = own === undefined ? overAround(facts, counters) : undefined;
        const over = own ?? around ?? 'tenMinutes';
        const exempt = [
          around !== undefined &&
            `its /48 at: ${spreadSeen(counters, guessedBy(wholeNetworkOf(source.key)), at)}`,
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

/** A source of IPv6 is one of the 65,536 of its /48. */
export const limitsOfNetwork = ({ tenMinutes, hour, day }: SpreadLimits): SpreadLimits => ({
  tenMinutes: tenMinutes * SOURCES_OF_A_NETWORK,
  hour: hour * SOURCES_OF_A_NETWORK,
  day: day * SOURCES_OF_A_NETWORK,
});

/** Under which the extensions are counted that a source, or all of a /48, failed at. */
export const guessedBy = (source: string): string => `guessed by ${source}`;
