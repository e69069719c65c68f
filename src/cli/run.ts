import { runGate } from '../app.ts';
import { loadSettings } from '../config/load.ts';
import { CannotStart } from '../control/data-directory.ts';
import { CannotServe } from '../data/data-plane.ts';
import type { Command } from './command.ts';
import { complain } from './output.ts';
import { settingsFlags, settingsFrom } from './settings-flags.ts';
import { complainOf } from './show-problems.ts';

export const run: Command = {
  name: 'run',
  summary: 'serve, until SIGTERM',
  mostOperands: 0,
  flags: settingsFlags,
  details:
    'SIGTERM or SIGINT drains: new calls get 503, live ones go on until done or the deadline; a second one\n' +
    'ends at once. Files that change are read again, on SIGHUP too; wrong ones are refused whole and the old stay.',
  async run(given) {
    const flags = settingsFrom(given);
    const loaded = loadSettings(flags);
    if (!loaded.ok) {
      complainOf(loaded.problems);
      return 1;
    }
    try {
      const code = await runGate({ ...loaded, load: () => loadSettings(flags) });
      return code === 0 ? 0 : 1;
    } catch (error) {
      if (!(error instanceof CannotStart || error instanceof CannotServe)) throw error;
      complain(error.message);
      return 1;
    }
  },
};
