import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { aroundQuestions } from '../config/around-question.ts';
import { mustBePlainFile } from '../config/plain-file.ts';
import { mismatch } from '../config/problem.ts';
import { reasonOf } from '../config/reason-of.ts';
import { readProblem } from '../config/yaml-file.ts';
import { Policy } from '../policy/policy.ts';
import { compare, type Difference, type Example, type Group } from '../replay/compare.ts';
import type { Past } from '../replay/past.ts';
import { pastOfCsv } from '../replay/past-of-csv.ts';
import { pastOfLines } from '../replay/past-of-lines.ts';
import { type Command, flagText } from './command.ts';
import { goodSettings } from './good-settings.ts';
import { readMoment, readSpan } from './moments.ts';
import { complain, counted, harmless, printFound, styled } from './output.ts';
import { pastOfDatabase } from './past-of-database.ts';
import { dataDirectoryFrom, placeFlags, settingsFlags } from './settings-flags.ts';
import { whyNoEvents } from './with-events.ts';

const USUAL_SPAN = '3m';

export const replay: Command = {
  name: 'replay',
  summary: 'judge past calls and registrations by another policy, and show what would change',
  operands: '[FILE]',
  mostOperands: 1,
  asTheGateRuns: true,
  operandsAreFiles: true,
  flags: {
    ...placeFlags,
    set: settingsFlags.set,
    since: { type: 'string', value: 'WHEN', help: '7d, 12h, or a moment: 2026-11-28 03:00 UTC' },
    lasting: {
      type: 'string',
      value: 'SPAN',
      help: `how long a call lasts whose end is on no record (default ${USUAL_SPAN})`,
    },
    json: { type: 'boolean', help: 'one JSON object, for programs' },
  },
  details:
    'drawbridge replay --set outbound.allowed-countries.mode=on --since 7d\n' +
    'drawbridge replay cdr.csv --policies ./policies-to-be\n' +
    'FILE is an events.db or events.jsonl of a gate, or call records of a PBX as CSV; without one, the events of the data\n' +
    'directory. The policy is the one that --policies and --set say. Limits on calls and failures count what was let\n' +
    'through and failed then, for as long as calls lasted; how many packets came is on no record and is not judged.\n\n' +
    'CSV: a line with the names of the columns, then a call each. at, extension and number are needed (or start, src,\n' +
    'dst); seconds, callid, direction (in: from a trunk; register) and every key that explain knows may be there:\n' +
    'at,extension,number,source,userAgent,seconds\n\n' +
    'Exit code 1: something that was let through would be refused.',
  async run(given) {
    const { flags, rest } = given;
    const problems: string[] = [];
    const since = momentFrom(flagText(given, 'since'), problems);
    const lasting = String(flags.lasting ?? USUAL_SPAN);
    const unknownMs = readSpan(lasting);
    if (unknownMs === undefined)
      problems.push(`--lasting: ${mismatch(`"${lasting}"`, '90s or 3m')}`);
    if (unknownMs === undefined || problems.length > 0) {
      for (const problem of problems) complain(problem);
      return 2;
    }
    const loaded = goodSettings(given);
    const { policy } = loaded.settings;
    const [named] = rest;
    const file = named ?? dataDirectoryFrom(given).events;
    const none = named === undefined ? whyNoEvents(file) : undefined;
    if (none !== undefined) {
      complain(none);
      return 1;
    }
    try {
      const past = pastIn(file, since, policy.site.timeZone);
      const around = aroundQuestions(loaded.settings);
      const difference = await compare(past, new Policy(policy), around, unknownMs);
      printFound(given, difference, show);
      return difference.newlyRefused.length === 0 ? 0 : 1;
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? readProblem(error) : reasonOf(error);
      complain(`${file} cannot be replayed: ${why}`);
      return 1;
    }
  },
};

function momentFrom(given: string | undefined, problems: string[]): number {
  if (given === undefined) return 0;
  const moment = readMoment(given, Date.now());
  if (moment === undefined)
    problems.push(`--since: ${mismatch(`"${given}"`, '12h, 7d or 2026-11-28 03:00')}`);
  return moment ?? 0;
}

const BEGINNING_OF_SQLITE = 'SQLite format 3';

/** By what the file begins with, whatever it is called. */
function pastIn(
  file: string,
  since: number,
  timeZone: string,
): Iterable<Past> | AsyncIterable<Past> {
  const beginning = beginningOf(file);
  if (beginning === BEGINNING_OF_SQLITE) return pastOfDatabase(file, since);
  if (beginning.startsWith('{')) return pastOfLines(file, since);
  const read = pastOfCsv(readFileSync(file, 'utf8'), timeZone);
  if (!read.ok) throw new Error(read.problems.join('\n'));
  return read.past.filter(({ at }) => at >= since);
}

function beginningOf(file: string): string {
  mustBePlainFile(file);
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(BEGINNING_OF_SQLITE.length);
    return bytes.toString('latin1', 0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

function show(difference: Difference): string {
  const { judged, same, newlyRefused, newlyPassed, refusedOtherwise, uncountable, untold } =
    difference;
  return [
    `${styled('bold', counted(judged, 'call or registration', 'calls and registrations'))}, ${same.toLocaleString('en')} as they were`,
    ...section(styled('red', 'Would be refused'), newlyRefused),
    ...section(styled('green', 'Would be let through'), newlyPassed),
    ...section('Would be refused for another reason', refusedOtherwise),
    ...note(uncountable, 'refused for how many packets came, which is on no record'),
    ...note(untold, 'of which the record does not say enough'),
  ].join('\n');
}

const note = (count: number, text: string): readonly string[] =>
  count === 0
    ? []
    : ['', `${styled('yellow', 'not judged')}  ${count.toLocaleString('en')} ${text}`];

function section(title: string, groups: readonly Group[]): readonly string[] {
  if (groups.length === 0) return [];
  const all = groups.reduce((sum, { count }) => sum + count, 0);
  return [
    '',
    `${title}: ${all.toLocaleString('en')}`,
    ...groups.flatMap(({ rule, reason, count, examples }) => [
      `  ${count.toLocaleString('en')}  ${reason}, by ${rule}`,
      ...examples.map((one) => `      ${showExample(one)}`),
    ]),
  ];
}

function showExample({ at, extension, number, source, callId }: Example): string {
  const who = [
    extension,
    number === undefined ? undefined : `→ ${number}`,
    source === undefined ? undefined : `from ${source}`,
    callId === undefined ? undefined : `call ${callId}`,
  ];
  const told = who.filter((part) => part !== undefined).map(harmless);
  return [new Date(at).toISOString(), ...told].join('  ');
}
