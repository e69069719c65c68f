import { z } from 'zod';
import type { CallFacts } from '../../facts.ts';
import { defineRule } from '../../rule.ts';
import { answerOption, blockSecondsOption } from '../../rule-options.ts';
import { allWindows, spreadOptions, spreadOver, spreadSeen } from '../../spread-windows.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  digits: z
    .int()
    .min(7)
    .max(9)
    .default(8)
    .describe('numbers that end in the same so many digits are told apart by what stands before'),
  ...spreadOptions({ tenMinutes: 4, hour: 6, day: 10 }, 'beginnings of numbers that end alike'),
  answer: answerOption(403),
  blockSeconds: blockSecondsOption(3600),
});

/**
 * O14, R13. Whoever looks for a way out dials the one number that pays him behind every prefix there is: 00442079460123,
 * 900442079460123, 0011442079460123. All that the dial plan reads as the same number are one beginning, so people who
 * write theirs as +44, 0044 or 020 are none. The last eight digits are nearly the whole of any number's own part: two
 * customers' numbers in two countries rarely share them. Phones that are registered are let through whatever others do
 * with a number; that the attack goes on by one of them is told as well.
 */
export const rotatingPrefixes = defineRule({
  name: 'rotating-prefixes',
  stage: 'outbound',
  requirement: 'O14',
  summary: 'refuses and blocks strangers who call a number that is tried behind many prefixes',
  reasons: ['prefixes-rotate'],
  mode: 'on',
  options,
  create({ digits, answer, blockSeconds, ...limits }, { guests }) {
    const more = blockSeconds === 0 ? {} : { block: { seconds: blockSeconds } };
    const refusal = refuse(answer, 'prefixes-rotate', more);
    const isKnown = ({ registered, source }: CallFacts): boolean =>
      registered ||
      source.familiar ||
      source.realm !== 'access' ||
      source.tier === 'trusted' ||
      guests.find(source.address) !== undefined;
    return {
      judge(facts, counters) {
        if (isKnown(facts)) return pass;
        const tail = tailOf(facts, digits);
        if (tail === undefined) return pass;
        const over = spreadOver(counters, spellingsOf(tail), limits, allWindows, facts.at);
        return over === undefined ? pass : refusal;
      },
      explain(facts, counters) {
        if (isKnown(facts)) return { saw: 'the caller is known' };
        const tail = tailOf(facts, digits);
        if (tail === undefined) return { saw: `no number of more than ${digits} digits` };
        const key = spellingsOf(tail);
        const over = spreadOver(counters, key, limits, allWindows, facts.at) ?? 'tenMinutes';
        return {
          saw: `beginnings of numbers that end in ${tail}: ${spreadSeen(counters, key, facts.at)}`,
          setting: ['outbound', 'rotating-prefixes', over],
          flip: 'a phone that is registered',
        };
      },
    };
  },
});

/** By which the same number is known behind any prefix; undefined where there is none before it. */
export function tailOf(
  { dialled }: Pick<CallFacts, 'dialled'>,
  digits: number,
): string | undefined {
  if (dialled.kind === 'extension') return undefined;
  const whole = wholeNumber({ dialled });
  // nearly all end in digits enough, and nothing else need be taken out
  if (endsInMoreThan(digits, whole)) return whole.slice(-digits);
  const number = whole.replace(/\D/g, '');
  return number.length <= digits ? undefined : number.slice(-digits);
}

function endsInMoreThan(digits: number, text: string): boolean {
  for (let left = digits + 1; left > 0; left--) {
    const code = text.charCodeAt(text.length - left);
    if (!(code >= 48 && code <= 57)) return false;
  }
  return true;
}

/** However it was dialled, where the dial plan can read it. */
export const wholeNumber = ({ dialled }: Pick<CallFacts, 'dialled'>): string =>
  dialled.e164 ?? dialled.digits;

/** Under which the beginnings are counted that were dialled before that tail. */
export const spellingsOf = (tail: string): string => `spellings of ${tail}`;

/** The same of who dialled them. */
export const diallersOf = (tail: string): string => `diallers of ${tail}`;
