import type { ListStatus } from '../control/lists/lists.ts';
import { askRunning } from './ask-running.ts';
import type { Command } from './command.ts';
import { complain, printFound, table } from './output.ts';
import { placeFlags } from './settings-flags.ts';
import { moreOfList, showList } from './show-list.ts';

/** Longer than the gate waits for what is slow. */
const PATIENCE_MS = 58_000;

export const lists: Command = {
  name: 'lists',
  summary: 'how the lists of addresses stand, and what came of them; read them now',
  operands: '[refresh [NAME]]',
  mostOperands: 2,
  flags: { ...placeFlags, json: { type: 'boolean', help: 'a JSON list, for programs' } },
  details:
    'drawbridge lists refresh reads all of policies/lists.yaml now, drawbridge lists refresh apiban that one; it fails when one\n' +
    'cannot be read, and the last good one stays. drawbridge blocks 203.0.113.7 says which list names that address.',
  async run(given) {
    const [verb, name] = given.rest;
    if (verb !== undefined && verb !== 'refresh') {
      complain(`found "${verb}", expected nothing, or refresh`);
      return 2;
    }
    const answer = await askRunning<readonly ListStatus[] | null>(
      given,
      verb === undefined
        ? { command: 'lists' }
        : { command: 'refresh-lists', ...(name !== undefined && { name }) },
      PATIENCE_MS,
    );
    if (answer === null) {
      complain(`There is no list ${name}: see drawbridge lists.`);
      return 1;
    }
    printFound(given, answer, (all) => showLists(all, Date.now()));
    return verb !== undefined && answer.some(({ failing }) => failing !== undefined) ? 1 : 0;
  },
};

function showLists(all: readonly ListStatus[], now: number): string {
  if (all.length === 0) return 'There is none: they stand in policies/lists.yaml.';
  return all
    .map((list) =>
      [table([showList(list, now)]), ...moreOfList(list, now).map((line) => `      ${line}`)].join(
        '\n',
      ),
    )
    .join('\n');
}
