import { loadSettings } from '../config/load.ts';
import { refuseLockOut } from '../config/lock-out.ts';
import { Operators, operatorAddresses } from '../config/operator-addresses.ts';
import { CannotStart } from '../control/data-directory.ts';
import { CannotServe } from '../data/cannot-serve.ts';
import type { Command } from './command.ts';
import { complain } from './output.ts';
import { forceFlag, settingsFlags, settingsFrom } from './settings-flags.ts';
import { complainOf } from './show-problems.ts';

export const run: Command = {
  name: 'run',
  summary: 'serve, until SIGTERM',
  mostOperands: 0,
  flags: { ...settingsFlags, ...forceFlag },
  details:
    'SIGTERM or SIGINT drains: new calls get 503, live ones go on until done or the deadline; a second one\n' +
    'ends at once. Files that change are read again, on SIGHUP too; wrong ones are refused whole and the old stay.',
  async run(given) {
    const flags = settingsFrom(given);
    const force = given.flags.force === true;
    const operators = new Operators(operatorAddresses());
    const loaded = refuseLockOut(loadSettings(flags), { operators: operators.known, force });
    if (!loaded.ok) {
      complainOf(loaded.problems);
      return 1;
    }
    // whoever asks something else of the program does not wait for all that serves
    const { runGate } = await import('../app.ts');
    try {
      const code = await runGate({
        ...loaded,
        flags,
        load: (asked, running) =>
          refuseLockOut(loadSettings(flags), {
            operators: operators.with(asked.operators),
            force: asked.force === true,
            running,
          }),
      });
      return code === 0 ? 0 : 1;
    } catch (error) {
      if (!(error instanceof CannotStart || error instanceof CannotServe)) throw error;
      complain(error.message);
      return 1;
    }
  },
};
