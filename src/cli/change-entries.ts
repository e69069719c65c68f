import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EntriesText } from '../config/edit-entries.ts';
import { loadDrafts } from '../config/load.ts';
import type { Problem } from '../config/problem.ts';
import { shown } from '../config/read-folders.ts';
import { reasonOf } from '../config/reason-of.ts';
import { replaceFile } from '../config/replace-file.ts';
import { askToReload } from '../control/ask-to-reload.ts';
import type { ExitCode, Given } from './command.ts';
import { type Good, goodSettings } from './good-settings.ts';
import { advise, complain, print } from './output.ts';
import { dataDirectoryFrom, settingsFrom } from './settings-flags.ts';
import { complainOf } from './show-problems.ts';

interface Change {
  /** Of the folder `policies`. */
  readonly file: string;
  /** Under which its entries stand. */
  readonly key: string;
  /** Of the entry. */
  readonly name: string;
  /** What is wrong with what was asked for, and the exit code for that. */
  readonly edit: (
    text: EntriesText,
    before: Good,
  ) => { readonly problems: readonly string[]; code: ExitCode };
  /** What is wrong with what would come of it, besides what a file may not say. */
  readonly unwanted?: (after: Good) => readonly string[];
  /** What is said once it is done. */
  readonly done: (after: Good) => string;
}

/** Changes a file of the operator's, unless what comes out would be refused, and tells the gate that runs. */
export async function changeEntries(given: Given, change: Change): Promise<ExitCode> {
  // what is wrong already is said before anything is changed
  const before = goodSettings(given);
  const file = join(before.directories.policies, change.file);
  const text = EntriesText.read(readFileSync(file, 'utf8'), change.key);
  if (text === undefined) {
    complain(`${shown(file)} cannot be changed by a program: ${change.key} is no block of keys.`);
    return 1;
  }
  const { problems, code } = change.edit(text, before);
  if (problems.length > 0) {
    for (const problem of problems) complain(problem);
    return code;
  }
  const after = loadDrafts(settingsFrom(given), { [`policies/${change.file}`]: text.toString() });
  if (!after.ok) {
    complainOf(after.problems.map((problem) => ofItsFlag(problem, change)));
    advise('Nothing was changed.');
    return 1;
  }
  const wrong = change.unwanted?.(after) ?? [];
  if (wrong.length > 0) {
    for (const problem of wrong) complain(problem);
    return 2;
  }
  try {
    replaceFile(file, text.toString());
  } catch (error) {
    complain(`${shown(file)} cannot be written: ${reasonOf(error)}. Nothing was changed.`);
    return 1;
  }
  print(change.done(after));
  return tellGate(given, shown(file));
}

/** What is wrong with the entry was said on the command line: the line where it would stand is in no file. */
function ofItsFlag(problem: Problem, { key, name }: Change): Problem {
  const entry = `${key}.${name}.`;
  if (problem.key?.startsWith(entry) !== true) return problem;
  const [setting = ''] = problem.key.slice(entry.length).split('.');
  // of a list each is said by itself: --route
  return { where: `--${setting.replace(/s$/, '')}`, text: problem.text };
}

async function tellGate(given: Given, file: string): Promise<ExitCode> {
  const { socket } = dataDirectoryFrom(given);
  const told = await askToReload(socket);
  if (told === 'told') print('The gate that runs was told to reload.');
  else if (told === 'none')
    print(`No gate runs with this data directory: ${file} holds from the next start with it on.`);
  else {
    complain(`${file} is written, but the gate could not be told: ${told.problem}`);
    return 1;
  }
  return 0;
}
