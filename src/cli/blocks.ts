import type { FoundBlocks } from '../data/messages.ts';
import type { FoundBlock } from '../limits/block-entry.ts';
import { askRunning } from './ask-running.ts';
import type { Command } from './command.ts';
import { duration } from './duration.ts';
import { counted, harmless, others, printFound, styled, table } from './output.ts';
import { placeFlags } from './settings-flags.ts';

const SHOWN = 20;

export const blocks: Command = {
  name: 'blocks',
  summary: 'who is blocked, by which rule or whom, why, how often they came, and until when',
  operands: '[text|address]',
  mostOperands: 1,
  flags: {
    ...placeFlags,
    all: { type: 'boolean', help: `list all, not only the latest ${SHOWN}` },
    json: { type: 'boolean', help: 'one JSON object, for programs' },
  },
  details:
    'drawbridge blocks 203.0.113.7 shows what blocks that address, be it a network that it is in; drawbridge blocks scanners\n' +
    'what that rule blocked. drawbridge unblock lifts one, drawbridge block adds one. What stands in policies/network.yaml\n' +
    '(blocked-sources) is not among them; of what lists name (drawbridge lists), those that came.',
  async run(given) {
    const [search = ''] = given.rest;
    const all = given.flags.all === true || given.flags.json === true;
    const found = await askRunning<FoundBlocks>(given, {
      command: 'blocks',
      search,
      rows: all ? Number.MAX_SAFE_INTEGER : SHOWN,
    });
    printFound(given, found, (all) => showBlocks(all, search, Date.now()));
    return 0;
  },
};

/** The list, for a person. */
export function showBlocks(
  { count, listed, found, rows }: FoundBlocks,
  search: string,
  now: number,
): string {
  if (count + listed === 0) return 'Nobody is blocked.';
  const total = `${counted(count, 'source')} blocked${listed === 0 ? '' : `, ${counted(listed, 'network')} by lists`}`;
  if (found === 0) return `${total}, none of them found by "${harmless(search)}".`;
  const title = search === '' ? total : `${total}, ${found.toLocaleString('en')} found`;
  return [
    styled('bold', title),
    table(rows.map((entry) => showBlock(entry, now))),
    ...others(found - rows.length),
  ].join('\n');
}

/** One block, as cells of a table. */
export function showBlock(entry: FoundBlock, now: number): string[] {
  const { network, by, rule, evidence, firstSeen, lastSeen, hits, until } = entry;
  const end = by === 'list' ? 'as long as it is listed' : 'for good';
  return [
    network,
    until === undefined ? end : `${duration(until - now)} left`,
    rule,
    harmless(evidence),
    `since ${duration(now - firstSeen)}`,
    hits === 0
      ? 'did not come again'
      : `came ${counted(hits, 'time')}, last ${duration(now - lastSeen)} ago`,
  ];
}
