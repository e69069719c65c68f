import { askRunning } from './ask-running.ts';
import type { Command } from './command.ts';
import { complain, counted, print } from './output.ts';
import { placeFlags } from './settings-flags.ts';

export const hangup: Command = {
  name: 'hangup',
  summary: 'end a call on both sides, answered or ringing',
  operands: '<call-id>',
  mostOperands: 1,
  flags: { ...placeFlags, all: { type: 'boolean', help: 'end every call' } },
  async run(given) {
    const [call] = given.rest;
    const all = given.flags.all === true;
    if (all === (call !== undefined)) {
      complain('Name one call by its Call-ID (see status), or give --all.');
      return 2;
    }
    const { ended } = await askRunning<{ ended: number }>(given, {
      command: 'hangup',
      ...(call === undefined ? {} : { call }),
    });
    if (ended === 0 && !all) {
      complain(`No call has the Call-ID ${call}.`);
      return 1;
    }
    print(`${counted(ended, 'call')} ended.`);
    return 0;
  },
};
