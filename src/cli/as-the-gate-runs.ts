import { resolve } from 'node:path';
import { lookUpFrom } from '../config/callers-folder.ts';
import { findDataDirectory, foldersInUse, foldersNamed } from '../config/load.ts';
import { type Directories, shown } from '../config/read-folders.ts';
import { reasonOf } from '../config/reason-of.ts';
import { CannotAsk, NoGate } from '../control/ask.ts';
import type { StartedWith } from '../control/control-messages.ts';
import { askRunning } from './ask-running.ts';
import type { Command, Given } from './command.ts';
import { complain, harmless } from './output.ts';
import { settingsFrom } from './settings-flags.ts';

/** It is asked before anything else is done: one that hangs may not make everybody wait. */
const PATIENCE_MS = 2000;

/**
 * What was given, with the settings that the gate which runs with this data directory was started with: who asks about it
 * means its files, not those shipped. Flags, and variables that name other folders, are taken as they are; `--set` refines.
 */
export async function asTheGateRuns(command: Command, given: Given): Promise<Given> {
  const own = settingsFrom(given);
  const { data: _, set = [], ...others } = own;
  const isTold = Object.keys(others).length > 0;
  let started: Required<StartedWith>;
  try {
    started = await askStartedWith(given);
  } catch (error) {
    if (error instanceof NoGate || (error instanceof CannotAsk && isTold)) return given;
    if (!(error instanceof CannotAsk)) throw error;
    return withoutItsWord(command, given, error.message);
  }
  const { flags, folder, found } = started;
  const { directories, variables, names } = found;
  if (isTold || otherFoldersNamed(directories))
    return { ...given, settings: { ...own, gate: { names } } };
  const settings = {
    ...flags,
    ...directories,
    data: resolve(findDataDirectory(own)),
    set: [...(flags.set ?? []), ...set],
    gate: { variables, names },
  };
  if (folder === process.cwd()) return { ...given, settings };
  // what was said here is meant from here; after that the gate's own paths are looked up, from where it stands
  const rest = command.operandsAreFiles ? given.rest.map((file) => resolve(file)) : given.rest;
  try {
    lookUpFrom(folder);
  } catch (error) {
    complain(
      `The folder that the gate was started in cannot be entered (${reasonOf(error)}): relative paths in its settings are ` +
        'looked up from here.',
    );
  }
  return { ...given, rest, settings };
}

async function askStartedWith(given: Given): Promise<Required<StartedWith>> {
  const { found, ...started } = await askRunning<StartedWith>(
    given,
    { command: 'started-with' },
    PATIENCE_MS,
  );
  if (found === undefined) throw new CannotAsk('its version does not say');
  return { ...started, found };
}

/** Those of the gate are variables too where a package sets them for both. */
function otherFoldersNamed(directories: Directories): boolean {
  const { routes, policies } = foldersNamed();
  const isOther = (named: string | undefined, its: string): boolean =>
    Boolean(named) && resolve(named ?? '') !== its;
  return isOther(routes, directories.routes) || isOther(policies, directories.policies);
}

/** It runs, and does not tell: reading may go on and say so, but nobody's files are changed by a guess. */
function withoutItsWord(command: Command, given: Given, message: string): Given {
  const why = harmless(message.replaceAll(/\s+/g, ' ').replace(/\.$/, ''));
  const unknown = `The gate that runs cannot be asked which files are its (${why})`;
  if (command.writes?.(given) === true)
    throw new CannotAsk(`${unknown}: name them with --policies and --routes.`);
  const folders = Object.values(foldersInUse(settingsFrom(given))).map(shown);
  complain(`${unknown}: these are those of ${folders.join(' and ')}.`);
  return given;
}
