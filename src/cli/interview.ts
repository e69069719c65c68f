import { extname } from 'node:path';
import { mismatch, type Problem, showFound, showProblem } from '../config/problem.ts';
import type { Understood } from '../policy/written.ts';
import { type Answers, readTimeZone } from '../setup/answers.ts';
import { importCsv } from '../setup/import-csv.ts';
import { importPjsip } from '../setup/import-pjsip.ts';
import type { Imported } from '../setup/imported.ts';
import { type Question, questions } from '../setup/questions.ts';
import type { ExitCode, Given } from './command.ts';
import { complain, counted, harmless } from './output.ts';
import { Terminal } from './terminal.ts';

interface Interviewed {
  readonly answers: Answers;
  readonly imported: Imported | undefined;
}

interface Said<T> {
  readonly value: T;
}

/** What flags say, and the rest from whoever sits at the terminal; an exit code where that is not enough. */
export async function interview({ flags }: Given): Promise<Interviewed | ExitCode> {
  const wrong: string[] = [];
  const read = <T>({
    flag,
    read: form,
  }: Pick<Question<T>, 'flag' | 'read'>): Said<T> | undefined => {
    const words = flags[flag];
    if (words === undefined || typeof words === 'boolean') return undefined;
    const text = typeof words === 'string' ? words : words.join(' ');
    const understanding = form(text);
    if (understanding.ok) return understanding;
    wrong.push(`--${flag}: ${misread(text, understanding)}`);
    return undefined;
  };
  const said = {
    pbx: read(questions.pbx),
    publicAddress: read(questions.publicAddress),
    homeCountry: read(questions.homeCountry),
    countries: read(questions.countries),
    outsidePrefix: read(questions.outsidePrefix),
    localNetworks: read(questions.localNetworks),
    importFile: read(questions.importFile),
    timeZone: read({ flag: 'time-zone', read: readTimeZone }),
  };
  using terminal = flags.yes !== true && process.stdin.isTTY ? new Terminal() : undefined;
  if (said.pbx === undefined && terminal === undefined && wrong.length === 0)
    wrong.push('found no --pbx, expected where the PBX is, or a terminal to ask on');
  for (const problem of wrong) complain(problem);
  if (wrong.length > 0) {
    complain('See drawbridge init --help.');
    return 2;
  }
  const file = said.importFile?.value;
  const fromFlag = file === undefined ? undefined : importFrom(file);
  if (fromFlag !== undefined && fromFlag.problems.length > 0) {
    complainOfImport(fromFlag.problems);
    return 1;
  }
  const answer = async <T>(given: Said<T> | undefined, question: Question<T>): Promise<T> =>
    given === undefined ? ask(terminal, question) : given.value;
  const answered = {
    pbx: await answer(said.pbx, questions.pbx),
    publicAddress: await answer(said.publicAddress, questions.publicAddress),
    homeCountry: await answer(said.homeCountry, questions.homeCountry),
    countries: await answer(said.countries, questions.countries),
    outsidePrefix: await answer(said.outsidePrefix, questions.outsidePrefix),
    localNetworks: await answer(said.localNetworks, questions.localNetworks),
  };
  const imported = fromFlag ?? (await askForImport(terminal));
  const extensions = imported?.extensions ?? [];
  const timeZone = said.timeZone?.value ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const unlisted = extensions.length === 0 || imported?.complete === false;
  return { answers: { ...answered, timeZone, extensions, unlisted }, imported };
}

/** Asks until the answer can be used; without a terminal it is what no answer means. */
async function ask<T>(terminal: Terminal | undefined, question: Question<T>): Promise<T> {
  const { asked, otherwise, read } = question;
  for (;;) {
    if (terminal === undefined) {
      if (otherwise === undefined) throw new Error(`nobody can be asked: ${asked}`);
      return otherwise.value;
    }
    const shown = otherwise === undefined ? '' : ` [${otherwise.shown}]`;
    const text = await terminal.ask(`${asked}${shown}: `);
    if (text === '' && otherwise !== undefined) return otherwise.value;
    const answer = read(text);
    if (answer.ok) return answer.value;
    complain(`  ${misread(text, answer)}`);
  }
}

/** A file that cannot be used is said, and another asked for. */
async function askForImport(terminal: Terminal | undefined): Promise<Imported | undefined> {
  for (;;) {
    const file = await ask(terminal, questions.importFile);
    if (file === undefined) return undefined;
    const imported = importFrom(file);
    if (imported.problems.length === 0) return imported;
    complainOfImport(imported.problems);
  }
}

const importFrom = (file: string): Imported =>
  extname(file).toLowerCase() === '.csv' ? importCsv(file) : importPjsip(file);

const MOST_SHOWN = 20;

function complainOfImport(problems: readonly Problem[]): void {
  for (const problem of problems.slice(0, MOST_SHOWN))
    complain(`  ${harmless(showProblem(problem))}`);
  complain(`  ${counted(problems.length, 'problem')}: nothing is imported`);
}

type Misunderstood = Extract<Understood<never>, { readonly ok: false }>;

function misread(text: string, { amiss, expected, hint }: Misunderstood): string {
  const meant = hint !== undefined && 'meant' in hint ? hint.meant : undefined;
  return mismatch(showFound(amiss ?? text), expected, meant);
}
