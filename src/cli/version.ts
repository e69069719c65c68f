import { version as number } from '../version.ts';
import type { Command } from './command.ts';
import { print } from './output.ts';

export const version: Command = {
  name: 'version',
  summary: 'the versions of Drawbridge and Node',
  mostOperands: 0,
  flags: {},
  async run() {
    print(`drawbridge ${number}, node ${process.versions.node}`);
    return 0;
  },
};
