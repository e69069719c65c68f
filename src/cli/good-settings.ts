import { type Loaded, loadSettings } from '../config/load.ts';
import type { Problem } from '../config/problem.ts';
import type { Given } from './command.ts';
import { settingsFrom } from './settings-flags.ts';

export type Good = Loaded & { readonly ok: true };

/** The settings given are wrong: it ends the command. */
export class WrongSettings extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('the settings are wrong');
    this.problems = problems;
  }
}

/** The settings, as files, environment and flags say; throws `WrongSettings` where they cannot be. */
export function goodSettings(given: Given): Good {
  const loaded = loadSettings(settingsFrom(given));
  if (!loaded.ok) throw new WrongSettings(loaded.problems);
  return loaded;
}
