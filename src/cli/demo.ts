import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { reasonOf } from '../config/reason-of.ts';
import type { Command } from './command.ts';
import { complain } from './output.ts';

/** Beside the sources and not among them: it takes what the tests take, which is in the repository only. */
const play = new URL('../../demo/main.ts', import.meta.url);

export const demo: Command = {
  name: 'demo',
  summary:
    'see calls pass and attacks stopped: a gate, an Asterisk, phones, a carrier and attackers, for a minute',
  mostOperands: 0,
  flags: {},
  details:
    'On Debian. Everything is real and on loopback addresses of its own; nothing is installed, and nothing stays but the\n' +
    'Asterisk that is unpacked into .cache (40 MB, the first time). Without a terminal it is plain lines. Exit code 1:\n' +
    'something went another way than it should, or was broken off.',
  async run() {
    if (!existsSync(play)) {
      complain(
        `There is no ${fileURLToPath(play)}: the demo comes with the repository, not with what is installed.`,
      );
      return 1;
    }
    try {
      const { demo: playAll }: { demo(): Promise<0 | 1> } = await import(play.href);
      return await playAll();
    } catch (error) {
      complain(reasonOf(error));
      return 1;
    }
  },
};
