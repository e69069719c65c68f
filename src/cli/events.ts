import { setTimeout as sleep } from 'node:timers/promises';
import { nearMiss } from '../config/near-miss.ts';
import { mismatch } from '../config/problem.ts';
import {
  type EventFilter,
  type StoredEvent,
  searchEvents,
} from '../control/events/events-database.ts';
import { eventKinds, eventLevels } from '../edge/event-kinds.ts';
import { canonicalNetwork } from '../limits/address-key.ts';
import { readSource } from '../policy/forms.ts';
import { reasons } from '../policy/reasons.ts';
import { rulesOf, stages } from '../policy/registry.ts';
import { meantBy } from '../policy/written.ts';
import { type Command, type ExitCode, flagText, type Given } from './command.ts';
import { readMoment } from './moments.ts';
import { complain, print } from './output.ts';
import { placeFlags } from './settings-flags.ts';
import { showEvent } from './show-event.ts';
import { withEvents } from './with-events.ts';

const filters = {
  kind: {
    type: 'string',
    value: 'KIND',
    help: eventKinds.join(', '),
  },
  reason: {
    type: 'string',
    value: 'REASON',
    help: 'why something was refused: country-not-allowed',
  },
  rule: { type: 'string', value: 'RULE', help: 'the rule that refused: allowed-countries' },
  extension: { type: 'string', value: 'NUMBER', help: 'whose' },
  source: { type: 'string', value: 'ADDRESS', help: 'from where' },
  number: { type: 'string', value: 'NUMBER', help: 'what was called, in E.164 or as dialled' },
  call: { type: 'string', value: 'CALL-ID', help: 'one call' },
  level: { type: 'string', value: 'LEVEL', help: 'info, warn or alert' },
} as const;

/** Where a misspelt word would find nothing and look as if nothing had happened. */
const closedSets: Readonly<Record<string, readonly string[]>> = {
  kind: eventKinds,
  level: eventLevels,
  reason: Object.keys(reasons),
  rule: stages.flatMap((stage) => rulesOf[stage].map(({ name }) => name)),
};
const MOST_SHOWN = 30;

export const events: Command = {
  name: 'events',
  summary: 'what happened: refusals and why, calls, registrations, blocks',
  mostOperands: 0,
  flags: {
    ...placeFlags,
    ...filters,
    since: {
      type: 'string',
      value: 'WHEN',
      help: '2h, 30m, 7d, or a moment: 2026-11-28 03:00 UTC',
    },
    until: { type: 'string', value: 'WHEN', help: 'the same' },
    last: { type: 'string', value: 'N', help: 'the newest so many (default 50)' },
    trail: { type: 'boolean', help: 'every rule that was asked, and what it saw' },
    follow: { type: 'boolean', help: 'go on with what happens' },
    json: { type: 'boolean', help: 'one JSON object a line, for programs' },
  },
  async run(given) {
    const asked = readFilter(given, Date.now());
    if (!asked.ok) {
      for (const problem of asked.problems) complain(problem);
      return 2;
    }
    const show = (found: readonly StoredEvent[]): void => {
      for (const stored of found)
        print(
          given.flags.json === true
            ? JSON.stringify({ id: stored.id, ...stored.event })
            : showEvent(stored, given.flags.trail === true),
        );
    };
    return withEvents(given, async (file): Promise<ExitCode> => {
      const found = searchEvents(file, asked.filter, asked.most);
      show(found);
      if (found.length === 0 && given.flags.json !== true) complain(noneLike(asked.filter));
      if (given.flags.follow !== true) return 0;
      let seen = found.at(-1)?.id ?? 0;
      for (;;) {
        await sleep(500);
        const fresh = searchEvents(file, asked.filter, 1000).filter(({ id }) => id > seen);
        show(fresh);
        seen = fresh.at(-1)?.id ?? seen;
      }
    });
  },
};

/** Events are found by what they name: of a network that was blocked as a whole there is one of the network. */
const noneLike = ({ source }: EventFilter): string =>
  source?.includes('/') === true
    ? `No event is like that: of ${source} as a whole. For what came from an address in it, name the address.`
    : 'No event is like that.';

type Asked =
  | { readonly ok: true; readonly filter: EventFilter; readonly most: number }
  | { readonly ok: false; readonly problems: readonly string[] };

function readFilter(given: Given, now: number): Asked {
  const problems: string[] = [];
  const text = (name: string): string | undefined => flagText(given, name);
  const moment = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    const read = readMoment(value, now);
    if (read === undefined)
      problems.push(`--${name}: ${mismatch(`"${value}"`, '30m, 2h, 7d or 2026-11-28 03:00')}`);
    return read;
  };
  const most = Number(text('last') ?? 50);
  if (!Number.isSafeInteger(most) || most < 1)
    problems.push(`--last: ${mismatch(`"${text('last')}"`, 'a whole number from 1')}`);
  for (const [name, words] of Object.entries(closedSets)) {
    const value = text(name);
    if (value === undefined || words.includes(value)) continue;
    const expected = `one of ${words.length > MOST_SHOWN ? `${words.length} ${name}s` : words.join(', ')}`;
    problems.push(`--${name}: ${mismatch(`"${value}"`, expected, nearMiss(value, words))}`);
  }
  const source = text('source');
  const from = source === undefined ? undefined : readSource(source);
  if (from?.ok === false)
    problems.push(`--source: ${mismatch(`"${source}"`, from.expected, meantBy(from))}`);
  const { call: _, ...own } = filters;
  const filter: EventFilter = {
    ...Object.fromEntries(Object.keys(own).map((name) => [name, text(name)])),
    callId: text('call'),
    source: from?.ok ? canonicalNetwork(from.value) : undefined,
    since: moment('since'),
    until: moment('until'),
  };
  return problems.length > 0 ? { ok: false, problems } : { ok: true, filter, most };
}
