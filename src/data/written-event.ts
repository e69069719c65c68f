import type { GateEvent } from './event.ts';

/** The columns of an event and its text, then those of the next. */
export type PackedEvents = readonly (string | number | undefined)[];

/** What events are looked for, counted and told by, and all of one; in the order in which they are packed. */
const columnsAt = (packed: PackedEvents, first: number) => ({
  at: packed[first],
  level: packed[first + 1],
  kind: packed[first + 2],
  count: packed[first + 3],
  reason: packed[first + 4],
  rule: packed[first + 5],
  extension: packed[first + 6],
  source: packed[first + 7],
  number: packed[first + 8],
  callId: packed[first + 9],
  json: packed[first + 10],
});
const EACH = 11;

type Column = Exclude<keyof ReturnType<typeof columnsAt>, 'json'>;

/** An event as it is written down. */
export interface WrittenEvent extends Pick<GateEvent, Column> {
  /** All of it. */
  readonly json: string;
}

/**
 * For another thread. As objects they would be taken apart and put together key by key, only to be made texts there,
 * which costs both threads together half as much again. Each column is named here and above: by a list of names this
 * would take a quarter longer, and the other thread ten times as long.
 */
export function packEvents(events: readonly GateEvent[]): PackedEvents {
  const packed: (string | number | undefined)[] = [];
  for (const event of events)
    packed.push(
      event.at,
      event.level,
      event.kind,
      event.count,
      event.reason,
      event.rule,
      event.extension,
      event.source,
      event.number,
      event.callId,
      JSON.stringify(event),
    );
  return packed;
}

export function unpackEvents(packed: PackedEvents): readonly WrittenEvent[] {
  const events: WrittenEvent[] = [];
  for (let first = 0; first < packed.length; first += EACH)
    events.push(columnsAt(packed, first) as WrittenEvent);
  return events;
}

export const written = (event: GateEvent): WrittenEvent =>
  columnsAt(packEvents([event]), 0) as WrittenEvent;

export const readAgain = ({ json }: WrittenEvent): GateEvent => JSON.parse(json) as GateEvent;
