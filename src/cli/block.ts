import { operatorAddresses } from '../config/operator-addresses.ts';
import { isVast } from '../config/source-notices.ts';
import type { BlockOutcome } from '../data/messages.ts';
import { Networks } from '../policy/networks.ts';
import { askRunning } from './ask-running.ts';
import { showBlock } from './blocks.ts';
import type { Command } from './command.ts';
import { readNetwork } from './network-operand.ts';
import { readOrder } from './order.ts';
import { complain, print, table } from './output.ts';
import { placeFlags } from './settings-flags.ts';

export const block: Command = {
  name: 'block',
  summary: 'block an address or a network: nothing it sends is read',
  operands: '<address>',
  mostOperands: 1,
  flags: {
    for: { type: 'string', value: 'SPAN', help: '30m, 2h, 7d; for good when left out' },
    why: { type: 'string', value: 'TEXT', help: 'why, for whoever reads it later' },
    force: { type: 'boolean', help: 'also where it is your own address, or a great part of all' },
    ...placeFlags,
  },
  details:
    'drawbridge block 203.0.113.0/24 --for 2h --why "floods us"\n' +
    'Holds at once and over restarts; connections from there are cut. Calls to emergency numbers still get in.',
  async run(given) {
    const network = readNetwork(given.rest);
    if (network === undefined) return 2;
    const { force } = given.flags;
    const order = readOrder(given);
    if (order === undefined) return 2;
    const own = operatorAddresses().find(
      (address) => new Networks([network]).find(address) !== undefined,
    );
    if (own !== undefined && force !== true) {
      complain(`You come from ${own} yourself. --force blocks it all the same.`);
      return 1;
    }
    if (isVast(network) && force !== true) {
      complain(`${network} is a great part of the internet. --force blocks it all the same.`);
      return 1;
    }
    const outcome = await askRunning<BlockOutcome>(given, {
      command: 'block',
      network,
      ...order,
    });
    if (outcome.kind === 'blocked') {
      print(table([showBlock(outcome.entry, Date.now())]));
      return 0;
    }
    complain(
      outcome.kind === 'trusted'
        ? `${network} is not blocked: ${outcome.why}.`
        : 'The block list is full of blocks by operators: lift some first.',
    );
    return 1;
  },
};
