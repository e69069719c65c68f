import type { z } from 'zod';
import type { EntriesText } from '../config/edit-entries.ts';
import { mismatch } from '../config/problem.ts';
import { type Exception, exceptionsOf, type exceptionsSchema } from '../policy/exceptions.ts';
import { changeEntries } from './change-entries.ts';
import { type Command, type ExitCode, flagText, type Given } from './command.ts';
import { type Good, goodSettings } from './good-settings.ts';
import { readTerm, termForm } from './moments.ts';
import { advise, complain, printFound, table } from './output.ts';
import { placeFlags, settingsFlags } from './settings-flags.ts';
import { showException } from './show-exception.ts';

const FILE = 'exceptions.yaml';

type ExceptionWritten = NonNullable<z.input<typeof exceptionsSchema>>[string];

export const exception: Command = {
  name: 'exception',
  summary: 'let somebody pass a rule for a time, and say why; list these, and end one early',
  operands: 'add|list|end|remove NAME',
  mostOperands: 2,
  asTheGateRuns: true,
  writes: ({ rest: [verb, name] }) => isChange(verb) && name !== undefined,
  flags: {
    rule: {
      type: 'string',
      value: 'RULE',
      help: 'the rule that does not count: allowed-countries',
    },
    extension: { type: 'string', value: 'NUMBER', help: 'for this extension' },
    group: { type: 'string', value: 'NAME', help: 'for the extensions of this group' },
    source: { type: 'string', value: 'ADDRESS', help: 'for requests from this address or network' },
    until: {
      type: 'string',
      value: 'WHEN',
      help: '2026-12-01 18:00 in the time of the site, or with Z or an offset',
    },
    for: { type: 'string', value: 'SPAN', help: 'in place of --until: 30m, 2h, 7d' },
    why: { type: 'string', value: 'TEXT', help: 'why, for whoever reads it later' },
    by: { type: 'string', value: 'WHO', help: 'who allows it' },
    ...placeFlags,
    set: settingsFlags.set,
    json: { type: 'boolean', help: 'list: one JSON object, for programs' },
  },
  details:
    'drawbridge exception add fair --rule allowed-countries --extension 1001 --for 3d --why "at the trade fair"\n' +
    'drawbridge exception end fair\n' +
    `They stand in policies/${FILE}, whose comments and order are kept. What would be wrong is refused whole; a gate that runs\n` +
    'is told to reload. end lets it end now and keeps it in the file, remove takes it out. What an exception lets\n' +
    'through, and its beginning and end, are events: drawbridge events --kind excepted, --kind exception.',
  async run(given) {
    const [verb, name] = given.rest;
    if (verb === 'list' && name === undefined) return list(given);
    if (name === undefined || !isChange(verb)) {
      const found = given.rest.length === 0 ? 'nothing' : `"${given.rest.join(' ')}"`;
      complain(`found ${found}, expected list, add NAME, end NAME or remove NAME`);
      advise('See drawbridge exception --help.');
      return 2;
    }
    return change(given, verb, name);
  },
};

const changes = ['add', 'end', 'remove'] as const;
type Change = (typeof changes)[number];
const isChange = (word: string | undefined): word is Change => changes.some((one) => one === word);

function list(given: Given): ExitCode {
  const loaded = goodSettings(given);
  const now = Date.now();
  const all = allOf(loaded).toSorted((a, b) => b.endsAt - a.endsAt);
  printFound(
    given,
    all.map((one) => ({ ...one, active: now < one.endsAt })),
    () => (all.length === 0 ? 'There is none.' : table(all.map((one) => showException(one, now)))),
  );
  return 0;
}

const isActive = (one: Exception | undefined): boolean =>
  one !== undefined && Date.now() < one.endsAt;

const allOf = ({ settings: { policy } }: Good): readonly Exception[] =>
  exceptionsOf(policy.exceptions, policy.site.timeZone);

function change(given: Given, verb: Change, name: string): Promise<ExitCode> {
  return changeEntries(given, {
    file: FILE,
    key: 'exceptions',
    name,
    edit: (text, before) =>
      verb === 'add'
        ? { problems: add(text, name, given), code: 2 }
        : { problems: end(text, name, verb, before), code: 1 },
    unwanted(after) {
      const over = verb === 'add' && !isActive(allOf(after).find((one) => one.name === name));
      if (!over) return [];
      const flag = given.flags.until === undefined ? 'for' : 'until';
      return [`--${flag}: ${mismatch(String(given.flags[flag]), 'a moment to come')}`];
    },
    done(after) {
      const done = allOf(after).find((one) => one.name === name);
      return done === undefined
        ? `${name} is taken out.`
        : table([showException(done, Date.now())]);
    },
  });
}

function add(text: EntriesText, name: string, all: Given): readonly string[] {
  if (text.has(name)) return [`There is an exception ${name}: end it, or choose another name.`];
  const given = (flag: string): string | undefined => flagText(all, flag);
  const problems: string[] = [];
  const wanted = (flag: string, form: string): string => {
    const value = given(flag);
    if (value === undefined) problems.push(`--${flag}: found nothing, expected ${form}`);
    return value ?? '';
  };
  const span = given('for');
  const ms = span === undefined ? undefined : readTerm(span);
  if (span !== undefined && (ms === undefined || given('until') !== undefined))
    problems.push(
      `--for: found "${span}", expected ${ms === undefined ? termForm : 'only one of --until and --for'}`,
    );
  const written: ExceptionWritten = {
    rule: wanted('rule', 'the rule that does not count'),
    ...Object.fromEntries(
      ['extension', 'group', 'source']
        .filter((flag) => given(flag) !== undefined)
        .map((flag) => [flag, given(flag)]),
    ),
    until: ms === undefined ? (given('until') ?? '') : momentText(Date.now() + ms),
    why: wanted('why', 'a reason'),
    ...(given('by') !== undefined && { by: given('by') }),
  };
  if (written.until === '' && span === undefined)
    problems.push('--until or --for: found neither, expected when it ends');
  if (problems.length === 0) text.add(name, written);
  return problems;
}

function end(
  text: EntriesText,
  name: string,
  verb: 'end' | 'remove',
  before: Good,
): readonly string[] {
  if (!text.has(name)) return [`There is no exception ${name}: see drawbridge exception list.`];
  const known = allOf(before).find((one) => one.name === name);
  if (verb === 'end' && known !== undefined && !isActive(known))
    return [`${name} ended already, at ${momentText(known.endsAt)}.`];
  if (verb === 'remove') text.remove(name);
  else text.set(name, 'until', momentText(Date.now()));
  return [];
}

/** To the second: a person will read it. */
const momentText = (at: number): string => new Date(at).toISOString().replace(/\.\d+/, '');
