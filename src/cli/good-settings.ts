import { type Loaded, loadSettings } from '../config/load.ts';
import type { Given } from './command.ts';
import { settingsFrom } from './settings-flags.ts';
import { WrongSettings } from './wrong-settings.ts';

export type Good = Loaded & { readonly ok: true };

/** The settings, as files, environment and flags say; throws `WrongSettings` where they cannot be. */
export function goodSettings(given: Given): Good {
  const loaded = loadSettings(settingsFrom(given));
  if (!loaded.ok) throw new WrongSettings(loaded.problems);
  return loaded;
}
