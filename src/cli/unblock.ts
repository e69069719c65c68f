import type { FoundBlocks } from '../data/messages.ts';
import type { BlockEntry, FoundBlock } from '../limits/block-entry.ts';
import { askRunning } from './ask-running.ts';
import type { Command } from './command.ts';
import { readNetwork } from './network-operand.ts';
import { complain, print } from './output.ts';
import { placeFlags } from './settings-flags.ts';

function whyNot(network: string, wider: FoundBlock | undefined): string {
  if (wider === undefined) return `${network} is not blocked.`;
  return wider.by === 'list'
    ? `${network} is blocked by ${wider.rule} (${wider.network}): put it under its except in policies/lists.yaml.`
    : `${network} is blocked as a part of ${wider.network}: lift that.`;
}

export const unblock: Command = {
  name: 'unblock',
  summary: 'lift a block at once; what the source did is forgiven',
  operands: '<address>',
  mostOperands: 1,
  flags: placeFlags,
  details:
    'The address or network as drawbridge blocks shows it; for an IPv6 address that a rule blocked, its /64.',
  async run(given) {
    const network = readNetwork(given.rest);
    if (network === undefined) return 2;
    const { lifted } = await askRunning<{ lifted: BlockEntry | null }>(given, {
      command: 'unblock',
      network,
    });
    if (lifted !== null) {
      print(`${lifted.network} is no longer blocked.`);
      return 0;
    }
    const around = await askRunning<FoundBlocks>(given, {
      command: 'blocks',
      search: network,
      rows: 1,
    });
    const [wider] = around.rows;
    complain(whyNot(network, wider));
    return 1;
  },
};
