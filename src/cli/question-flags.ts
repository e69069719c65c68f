import { z } from 'zod';
import { mismatch, showFound } from '../config/problem.ts';
import { hintOf } from '../config/what-was-meant.ts';
import { type Question, questionSchema, questionShape } from '../policy/asking/question.ts';
import { isOfSeveral, readAnswer } from '../policy/asking/read-answer.ts';
import type { Flag, Flags, Given } from './command.ts';

/** What a question is about stands in words, `invite 0044…`; all else is a flag. */
const subjects = ['register', 'invite', 'inbound', 'method', 'broken'] as const;
type Subject = (typeof subjects)[number];
type Key = Exclude<keyof typeof questionShape, Subject>;

const keys = Object.keys(questionShape).filter(
  (key): key is Key => !(subjects as readonly string[]).includes(key),
);

const flagOf = (key: string): string =>
  key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A flag for every key of a question but its subject. */
export const questionFlags: Flags = Object.fromEntries(
  keys.map((key): [string, Flag] => {
    const help = questionShape[key].description ?? key;
    const several = isOfSeveral(key);
    return [flagOf(key), { type: 'string', value: placeholder(key), multiple: several, help }];
  }),
);

export type Understood =
  | { readonly ok: true; readonly question: Question }
  | { readonly ok: false; readonly problems: readonly string[] };

/** The question that the words and flags ask. */
export function readQuestion({ flags, rest: [subject, value] }: Given): Understood {
  if (!subjects.some((one) => one === subject) || value === undefined) {
    const found =
      subject === undefined ? 'nothing' : `"${[subject, value].filter(Boolean).join(' ')}"`;
    const expected = 'register EXTENSION, invite NUMBER, inbound NUMBER, method NAME or broken HOW';
    return { ok: false, problems: [`found ${found}, expected ${expected}`] };
  }
  const asked: Record<string, unknown> = { [subject as Subject]: value };
  for (const key of keys) {
    const given = flags[flagOf(key)];
    if (given !== undefined) asked[key] = readAnswer(key, given);
  }
  const checked = questionSchema.safeParse(asked);
  if (checked.success) return { ok: true, question: checked.data };
  return {
    ok: false,
    problems: checked.error.issues.map((issue) => problemOf(issue, value, flags)),
  };
}

function problemOf(issue: z.core.$ZodIssue, value: string, flags: Given['flags']): string {
  const {
    path: [key],
    message,
  } = issue;
  const name = keys.find((known) => known === key);
  if (name === undefined) {
    const subject = subjects.find((one) => one === key);
    return subject === undefined
      ? message
      : `${subject}: ${mismatch(showFound(value), message, hintOf(issue, value).meant)}`;
  }
  const given = flags[flagOf(name)];
  const flag = `--${flagOf(name)}`;
  // Its description shows how the files of tests write it.
  if (Array.isArray(given) && isOfSeveral(name))
    return `${flag}: ${mismatch(given.map(showFound).join(' '), 'a number, or one of a key: extension:1001=2')}`;
  const expected = questionShape[name].description ?? placeholder(name);
  return `${flag}: ${mismatch(showFound(given), expected, hintOf(issue, given).meant)}`;
}

function placeholder(key: Key): string {
  const inner = questionShape[key].unwrap();
  if (inner instanceof z.ZodUnion) return '[KEY=]N';
  if (inner instanceof z.ZodNumber) return 'N';
  if (inner instanceof z.ZodBoolean) return 'true|false';
  return inner instanceof z.ZodEnum ? inner.options.join('|') : 'TEXT';
}
