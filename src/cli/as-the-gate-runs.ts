import { relative, resolve } from 'node:path';
import { findDataDirectory, foldersAreNamed } from '../config/load.ts';
import { CannotAsk } from '../control/ask.ts';
import type { StartedWith } from '../control/control-messages.ts';
import { askRunning } from './ask-running.ts';
import type { Given } from './command.ts';
import { settingsFrom } from './settings-flags.ts';

/** It is asked before anything else is done: one that hangs may not make everybody wait. */
const PATIENCE_MS = 2000;

/**
 * What was given, with the flags that the gate which runs with this data directory was started with: who asks about it
 * means its files, not those shipped. Flags or variables that name others are taken as they are; `--set` refines.
 */
export async function asTheGateRuns(given: Given): Promise<Given> {
  const { data: _, set = [], ...others } = settingsFrom(given);
  if (Object.keys(others).length > 0 || foldersAreNamed()) return given;
  const started = await askStartedWith(given);
  if (started === undefined) return given;
  const { flags, folder } = started;
  const fromHere = (path: string): string => {
    const whole = resolve(folder, path);
    const near = relative(process.cwd(), whole);
    return near.startsWith('..') ? whole : near;
  };
  const folders = Object.entries({ routes: flags.routes, policies: flags.policies }).flatMap(
    ([name, path]) => (path === undefined ? [] : [[name, fromHere(path)] as const]),
  );
  return {
    ...given,
    flags: {
      ...given.flags,
      ...flags,
      ...Object.fromEntries(folders),
      ...{ data: findDataDirectory(settingsFrom(given)), set: [...(flags.set ?? []), ...set] },
    },
  };
}

async function askStartedWith(given: Given): Promise<StartedWith | undefined> {
  try {
    return await askRunning<StartedWith>(given, { command: 'started-with' }, PATIENCE_MS);
  } catch (error) {
    // none runs, or an older one, or it is not ours to ask: then it is as if none ran
    if (!(error instanceof CannotAsk)) throw error;
    return undefined;
  }
}
