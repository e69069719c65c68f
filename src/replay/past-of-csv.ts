import { readInstant } from '../policy/asking/instant.ts';
import { questionSchema, questionShape } from '../policy/asking/question.ts';
import { isOfSeveral, type QuestionKey, readAnswer } from '../policy/asking/read-answer.ts';
import { type Row, readCsv } from './csv.ts';
import type { PastRequest } from './past.ts';

export type PastOfCsv =
  | { readonly ok: true; readonly past: readonly PastRequest[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** How call records of PBXs call these columns. */
const otherNames: Readonly<Record<string, string>> = {
  calldate: 'at',
  start: 'at',
  time: 'at',
  src: 'extension',
  caller: 'extension',
  as: 'extension',
  dst: 'number',
  callee: 'number',
  invite: 'number',
  billsec: 'seconds',
  duration: 'seconds',
  uniqueid: 'callid',
  call: 'callid',
};

const own = ['at', 'extension', 'number', 'seconds', 'callid', 'direction'];
const subjects: readonly string[] = ['register', 'invite', 'inbound', 'method', 'as', 'at'];
const others = (Object.keys(questionShape) as QuestionKey[]).filter(
  (key) => !subjects.includes(key),
);
const MOST_PROBLEMS = 20;

/**
 * Call records of a PBX, all of which were let through. Needs the columns at, extension and number; may have seconds,
 * callid, direction (`in` for a call from a trunk, `register` for a registration) and any key of a question. Columns of
 * other names are left aside.
 */
export function pastOfCsv(text: string, timeZone: string): PastOfCsv {
  const { columns, rows } = readCsv(text);
  const names = new Map(columns.map((column) => [nameOf(column), column]));
  const missing = ['at', 'extension', 'number'].filter((name) => !names.has(name));
  if (missing.length > 0)
    return {
      ok: false,
      problems: [
        `line 1: found ${columns.length === 0 ? 'no columns' : `the columns ${columns.map((one) => `"${one}"`).join(' ')}`}, expected their names, ${missing.join(', ')} among them`,
      ],
    };
  const problems: string[] = [];
  const past: PastRequest[] = [];
  for (const row of rows) {
    const read = readRow(row, names, timeZone);
    if (typeof read === 'string') problems.push(`line ${row.line}: ${read}`);
    else past.push(read);
    if (problems.length >= MOST_PROBLEMS) break;
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, past: past.toSorted((a, b) => a.at - b.at) };
}

function nameOf(column: string): string {
  const plain = column.replace(/[-_ ]/g, '').toLowerCase();
  const known = otherNames[plain] ?? plain;
  if (own.includes(known)) return known;
  return others.find((key) => key.toLowerCase() === known) ?? column;
}

function readRow(
  { cells }: Row,
  names: ReadonlyMap<string, string>,
  timeZone: string,
): PastRequest | string {
  const cell = (name: string): string => cells[names.get(name) ?? '']?.trim() ?? '';
  const at = momentOf(cell('at'), timeZone);
  if (at === undefined)
    return `at: found "${cell('at')}", expected a moment such as 2026-11-28 03:00:00`;
  const seconds = Number(cell('seconds'));
  if (!(seconds >= 0)) return `seconds: found "${cell('seconds')}", expected a number`;
  const given: [string, unknown][] = others
    .filter((key) => cell(key) !== '')
    .map((key) => [key, readAnswer(key, isOfSeveral(key) ? cell(key).split(/\s+/) : cell(key))]);
  const checked = questionSchema.safeParse({
    ...subjectOf(cell('direction'), cell('extension'), cell('number')),
    ...Object.fromEntries(given),
  });
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const key = String(issue?.path[0] ?? '');
    return `${key}: found "${cell(key)}", expected ${questionShape[key as QuestionKey]?.description ?? issue?.message}`;
  }
  return {
    what: 'request',
    at,
    count: 1,
    question: checked.data,
    callId: cell('callid') || undefined,
    refused: undefined,
    endsAt: cell('seconds') === '' ? undefined : at + seconds * 1000,
  };
}

function subjectOf(direction: string, extension: string, number: string) {
  if (direction === 'register') return { register: extension };
  if (/^in/i.test(direction)) return { inbound: number, from: extension };
  return { invite: number, as: extension };
}

/** As people write it, or as programs do: in seconds or milliseconds since 1970. */
function momentOf(text: string, timeZone: string): number | undefined {
  if (/^\d{10}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  return /^\d{13}$/.test(text) ? Number(text) : readInstant(text, timeZone);
}
