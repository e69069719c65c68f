import { resolve } from 'node:path';
import { environment } from '../config/environment.ts';
import { type SettingsFlags, settingsIn, variablesIn } from '../config/overrides.ts';
import type { Directories } from '../config/read-folders.ts';
import type { StartedWith } from './control-messages.ts';

/** What this process was started with. Of variables that hold secrets the names alone. */
export function startedWith(
  flags: SettingsFlags,
  { routes, policies }: Directories,
  tree: unknown,
): StartedWith {
  const all = Object.entries(environment());
  return {
    flags,
    folder: process.cwd(),
    found: {
      directories: { routes: resolve(routes), policies: resolve(policies) },
      variables: settingsIn(environment(), variablesIn(tree)),
      names: all.flatMap(([name, text]) => (text ? [name] : [])),
    },
  };
}
