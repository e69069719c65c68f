import { findDataDirectory } from '../config/load.ts';
import { operatorAddresses } from '../config/operator-addresses.ts';
import { askGate, CannotAsk } from '../control/ask.ts';
import { dataDirectoryAt } from '../control/data-directory.ts';
import type { ReloadOutcome } from '../control/reloads.ts';
import type { Command } from './command.ts';
import { complain, print, styled } from './output.ts';
import { forceFlag, placeFlags, settingsFrom } from './settings-flags.ts';
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
    const { socket } = dataDirectoryAt(findDataDirectory(settingsFrom(given)));
    let outcome: ReloadOutcome;
    try {
      outcome = await askGate<ReloadOutcome>(socket, {
        command: 'reload',
        force: given.flags.force === true,
        operators: operatorAddresses(),
      });
    } catch (error) {
      if (!(error instanceof CannotAsk)) throw error;
      complain(error.message);
      return 1;
    }
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
