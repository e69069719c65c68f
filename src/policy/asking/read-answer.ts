import { z } from 'zod';
import { questionShape } from './question.ts';

export type QuestionKey = keyof typeof questionShape;

/** The value of a key of a question, from how it is written on a command line or in a table; several for a list. */
export function readAnswer(key: QuestionKey, given: unknown): unknown {
  const inner = questionShape[key].unwrap();
  if (Array.isArray(given)) return isOfCounts(key) ? countsFrom(given) : given;
  if (inner instanceof z.ZodNumber) return Number(given);
  if (inner instanceof z.ZodBoolean) return given === 'true' || (given === 'false' ? false : given);
  return given;
}

const isOfCounts = (key: QuestionKey): boolean => questionShape[key].unwrap() instanceof z.ZodUnion;

/** Can it be given several times? */
export const isOfSeveral = (key: QuestionKey): boolean =>
  isOfCounts(key) || questionShape[key].unwrap() instanceof z.ZodArray;

/** `3`, for every key, or `extension:1001=3` for one. */
function countsFrom(texts: readonly string[]): unknown {
  const [only = ''] = texts;
  if (texts.length === 1 && !only.includes('=')) return Number(only);
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.lastIndexOf('=');
      return [text.slice(0, equals), Number(text.slice(equals + 1))];
    }),
  );
}
