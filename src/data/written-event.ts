import type { GateEvent } from './event.ts';

/** What events are looked for, counted and told by. */
type Columns = Pick<
  GateEvent,
  | 'at'
  | 'level'
  | 'kind'
  | 'count'
  | 'reason'
  | 'rule'
  | 'extension'
  | 'source'
  | 'number'
  | 'callId'
>;

/** An event as it is written down. */
export interface WrittenEvent extends Columns {
  /** All of it. */
  readonly json: string;
}

export const written = (event: GateEvent): WrittenEvent => ({
  at: event.at,
  level: event.level,
  kind: event.kind,
  count: event.count,
  reason: event.reason,
  rule: event.rule,
  extension: event.extension,
  source: event.source,
  number: event.number,
  callId: event.callId,
  json: JSON.stringify(event),
});

export const readAgain = ({ json }: WrittenEvent): GateEvent => JSON.parse(json) as GateEvent;

/** The columns of an event and its text, then those of the next. */
export type PackedEvents = readonly (string | number | undefined)[];

const EACH = 11;

/**
 * For another thread. As objects they would be taken apart and put together key by key, only to be made texts there,
 * which costs both threads together half as much again.
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
    events.push({
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
    } as WrittenEvent);
  return events;
}
