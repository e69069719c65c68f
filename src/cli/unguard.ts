import { mismatch } from '../config/problem.ts';
import type { Guard } from '../limits/guards.ts';
import { askRunning } from './ask-running.ts';
import type { Command } from './command.ts';
import { complain, harmless, print } from './output.ts';
import { placeFlags } from './settings-flags.ts';

export const unguard: Command = {
  name: 'unguard',
  summary: 'lift the guard of an extension at once; what many did there is forgotten',
  operands: '<extension>',
  mostOperands: 1,
  flags: placeFlags,
  details: 'Where they go on guessing, the rule distributed-guessing guards it again.',
  async run(given) {
    const [extension] = given.rest;
    if (extension === undefined) {
      complain(mismatch('nothing', 'an extension, such as 1001'));
      return 2;
    }
    const { lifted } = await askRunning<{ lifted: Guard | null }>(given, {
      command: 'unguard',
      extension,
    });
    if (lifted !== null) {
      print(`${harmless(extension)} is no longer guarded.`);
      return 0;
    }
    complain(`${harmless(extension)} is not guarded.`);
    return 1;
  },
};
