import { findDataDirectory } from '../config/load.ts';
import { askGate, CannotAsk } from '../control/ask.ts';
import { dataDirectoryAt } from '../control/data-directory.ts';
import type { GuardedExtensions } from '../data/messages.ts';
import type { Guard } from '../limits/guards.ts';
import type { Command } from './command.ts';
import { duration } from './duration.ts';
import { complain, counted, harmless, print, styled, table } from './output.ts';
import { placeFlags, settingsFrom } from './settings-flags.ts';

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
    const { socket } = dataDirectoryAt(findDataDirectory(settingsFrom(given)));
    try {
      const guarded = await askGate<GuardedExtensions>(socket, {
        command: 'guards',
        rows: all ? Number.MAX_SAFE_INTEGER : SHOWN,
      });
      print(
        given.flags.json === true
          ? JSON.stringify(guarded, null, 2)
          : showGuards(guarded, Date.now()),
      );
      return 0;
    } catch (error) {
      if (!(error instanceof CannotAsk)) throw error;
      complain(error.message);
      return 1;
    }
  },
};

/** The list, for a person. */
function showGuards({ mode, count, rows }: GuardedExtensions, now: number): string {
  if (count === 0) return 'No extension is guarded.';
  const more = count - rows.length;
  return [
    styled('bold', `${counted(count, 'extension')} guarded${idle(mode)}`),
    table(rows.map((guard) => showGuard(guard, now))),
    ...(more > 0 ? [`  and ${counted(more, 'other')}; --all lists them`] : []),
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
