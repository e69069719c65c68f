import { operatorAddresses } from '../config/operator-addresses.ts';
import type { ReloadOutcome } from '../control/reloads.ts';
import { askRunning } from './ask-running.ts';
import type { Command } from './command.ts';
import { print, styled } from './output.ts';
import { forceFlag, placeFlags } from './settings-flags.ts';
import { complainOf } from './show-problems.ts';

export const reload: Command = {
  name: 'reload',
  summary: 'have the running gate read its files again, and say what changed or what is wrong',
  mostOperands: 0,
  flags: {
    ...forceFlag,
    ...placeFlags,
  },
  details:
    'The gate does so by itself when a file changes, and on SIGHUP. Wrong files are refused whole: the gate goes on with\n' +
    'what it had, and this ends with 1. Files, flags and variables are those that the gate was started with.',
  async run(given) {
    const outcome = await askRunning<ReloadOutcome>(given, {
      command: 'reload',
      force: given.flags.force === true,
      operators: operatorAddresses(),
    });
    if (!outcome.ok) {
      complainOf(outcome.problems);
      return 1;
    }
    const { changed, waiting, notices, readAt } = outcome;
    for (const line of changed) print(line);
    for (const line of waiting) print(`${styled('yellow', 'later')}  ${line}`);
    for (const notice of notices) print(`${styled('yellow', 'note')}  ${notice}`);
    if (changed.length === 0 && waiting.length === 0)
      print(`Nothing has changed since ${new Date(readAt).toLocaleTimeString('en-GB')}.`);
    return 0;
  },
};
