import { mismatch } from '../config/problem.ts';
import type { GuardOutcome } from '../data/messages.ts';
import { askRunning } from './ask-running.ts';
import type { Command } from './command.ts';
import { showGuard } from './guards.ts';
import { readOrder } from './order.ts';
import { complain, print, table } from './output.ts';
import { placeFlags } from './settings-flags.ts';

export const guard: Command = {
  name: 'guard',
  summary: 'guard an extension: only who is known there may try to register',
  operands: '<extension>',
  mostOperands: 1,
  flags: {
    for: { type: 'string', value: 'SPAN', help: '30m, 2h, 7d; until it is lifted when left out' },
    why: { type: 'string', value: 'TEXT', help: 'why, for whoever reads it later' },
    ...placeFlags,
  },
  details:
    'drawbridge guard 1001 --for 2h --why "its password is in a list that was stolen"\n' +
    'Known is where it is registered, or was within a month, and where other phones are, or were within a day. Holds at once,\n' +
    'and over restarts; nobody who is registered feels it.',
  async run(given) {
    const [extension] = given.rest;
    if (extension === undefined) {
      complain(mismatch('nothing', 'an extension, such as 1001'));
      return 2;
    }
    const order = readOrder(given);
    if (order === undefined) return 2;
    const outcome = await askRunning<GuardOutcome>(given, {
      command: 'guard',
      extension,
      ...order,
    });
    if (outcome.guard === undefined) {
      complain('There are as many guards by operators as there may be: lift some first.');
      return 1;
    }
    print(table([showGuard(outcome.guard, Date.now())]));
    if (outcome.mode === 'on') return 0;
    complain(`It keeps nobody out: registration.distributed-guessing.mode is ${outcome.mode}.`);
    return 1;
  },
};
