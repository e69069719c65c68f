import type { GateEvent } from '../../data/event.ts';
import { type EventLevel, eventLevels } from '../../edge/event-kinds.ts';

/** How often something of one sort happened. */
export interface Tally {
  readonly level: EventLevel;
  readonly kind: string;
  readonly rule?: string;
  readonly reason?: string;
  readonly count: number;
}

/** What happened, told as one message: however much it was, it takes no more room. */
export interface Group {
  /** Milliseconds since 1970, of the clock when they came. */
  readonly openedAt: number;
  readonly lastAt: number;
  /** The highest of them. */
  readonly level: EventLevel;
  readonly count: number;
  /** The first sorts that came; `count` of all others together is what is missing. */
  readonly tallies: readonly Tally[];
  /** The first that came. */
  readonly events: readonly GateEvent[];
}

const MOST_TALLIES = 30;
const MOST_EVENTS = 20;

/** The group with one event more, or a new one with it. */
export function withEvent(group: Group | undefined, event: GateEvent, now: number): Group {
  const { level, count } = event;
  if (group === undefined) {
    const [tallies, events] = [[tallyOf(event)], [toTell(event)]];
    return { openedAt: now, lastAt: now, level, count, tallies, events };
  }
  return {
    openedAt: group.openedAt,
    lastAt: now,
    level: rank(level) > rank(group.level) ? level : group.level,
    count: group.count + count,
    tallies: tallied(group.tallies, event),
    events: told(group, event),
  };
}

/** The first that came, and where there is no room any more the first of each kind. */
function told({ events, tallies }: Group, event: GateEvent): readonly GateEvent[] {
  if (events.length < MOST_EVENTS) return [...events, toTell(event)];
  if (tallies.some(({ kind }) => kind === event.kind)) return events;
  return [...events.slice(0, -1), toTell(event)];
}

export const rank = (level: EventLevel): number => eventLevels.indexOf(level);

/** How it was judged is for whoever asks. */
const toTell = ({ trail: _, asked: __, ...told }: GateEvent): GateEvent => told;

const tallyOf = ({ level, kind, rule, reason, count }: GateEvent): Tally => ({
  ...{ level, kind, count },
  ...(rule !== undefined && { rule }),
  ...(reason !== undefined && { reason }),
});

function tallied(tallies: readonly Tally[], event: GateEvent): readonly Tally[] {
  const { level, kind, rule, reason, count } = event;
  const at = tallies.findIndex(
    (one) => one.level === level && one.kind === kind && one.rule === rule && one.reason === reason,
  );
  const known = tallies[at];
  if (known !== undefined) return tallies.with(at, { ...known, count: known.count + count });
  return tallies.length < MOST_TALLIES ? [...tallies, tallyOf(event)] : tallies;
}
