import type { GuardedExtensions } from '../data/gate-status.ts';
import type { Guard } from '../limits/guards.ts';
import { askRunning } from './ask-running.ts';
import type { Command } from './command.ts';
import { duration } from './duration.ts';
import { counted, harmless, others, printFound, styled, table } from './output.ts';
import { placeFlags } from './settings-flags.ts';

const SHOWN = 20;

export const guards: Command = {
  name: 'guards',
  summary: 'which extensions are guarded: there only who is known may try to register',
  mostOperands: 0,
  flags: {
    ...placeFlags,
    all: { type: 'boolean', help: `list all, not only the latest ${SHOWN}` },
    json: { type: 'boolean', help: 'one JSON object, for programs' },
  },
  details:
    'The rule distributed-guessing guards an extension at which many sources fail, for as long as they do and an hour more.\n' +
    'drawbridge unguard lifts a guard, drawbridge guard sets one.',
  async run(given) {
    const all = given.flags.all === true || given.flags.json === true;
    const guarded = await askRunning<GuardedExtensions>(given, {
      command: 'guards',
      rows: all ? Number.MAX_SAFE_INTEGER : SHOWN,
    });
    printFound(given, guarded, (found) => showGuards(found, Date.now()));
    return 0;
  },
};

/** The list, for a person. */
function showGuards({ mode, count, rows }: GuardedExtensions, now: number): string {
  if (count === 0) return 'No extension is guarded.';
  return [
    styled('bold', `${counted(count, 'extension')} guarded${idle(mode)}`),
    table(rows.map((guard) => showGuard(guard, now))),
    ...others(count - rows.length),
  ].join('\n');
}

const idle = (mode: GuardedExtensions['mode']): string =>
  mode === 'on' ? '' : `, and nobody kept out: distributed-guessing is ${whichIs[mode]}`;

const whichIs = { shadow: 'in shadow', off: 'off' } as const;

/** One guard, as cells of a table. */
export const showGuard = (
  { extension, by, evidence, since, until }: Guard,
  now: number,
): string[] => [
  harmless(extension),
  until === undefined ? 'until it is lifted' : `${duration(until - now)} left`,
  by === 'rule' ? 'distributed-guessing' : 'operator',
  harmless(evidence),
  `since ${duration(now - since)}`,
];
