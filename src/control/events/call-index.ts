import type { DatabaseSync } from 'node:sqlite';

/**
 * How the events of a call are found. Call-IDs are long and come in no order: in an index of their own each new event
 * changed another page of it, which was a third of what it cost to write one down. A key is the number of a stretch of the
 * log and a hash of the Call-ID, so that new ones stand together; who looks for a call looks once in every stretch.
 */
const STRETCH_BITS = 12;

/** As an expression of the hash, for the event that is written next: numbers are given out in order. */
export const keyOfNextCall = `(((SELECT coalesce(max(id), 0) + 1 FROM events) >> ${STRETCH_BITS}) << 32) | ?`;

/** The events that may be of a call, by its hash and its Call-ID. */
export const eventsOfCall = `
  WITH RECURSIVE stretches (stretch) AS (
    SELECT min(id) >> ${STRETCH_BITS} FROM events
    UNION ALL
    SELECT stretch + 1 FROM stretches
    WHERE stretch < (SELECT max(id) >> ${STRETCH_BITS} FROM events)
  )
  SELECT events.id FROM stretches CROSS JOIN events ON call_key = (stretch << 32) | ?
  UNION ALL
  SELECT id FROM events WHERE call_key IS NULL AND call_id = ?`;

/** Events before there were keys have none: they are found by their Call-ID, and no new one joins them. */
export function indexCalls(database: DatabaseSync): void {
  if (!hasCallKeys(database)) database.exec('ALTER TABLE events ADD COLUMN call_key INTEGER');
  database.exec(`
    DROP INDEX IF EXISTS events_call;
    CREATE INDEX IF NOT EXISTS events_call_key ON events (call_key) WHERE call_key IS NOT NULL;
    CREATE INDEX IF NOT EXISTS events_without_key ON events (call_id)
      WHERE call_key IS NULL AND call_id IS NOT NULL;
  `);
}

/** In the log that a gate of an earlier version writes there are none. */
export const hasCallKeys = (database: DatabaseSync): boolean =>
  database.prepare("SELECT 1 FROM pragma_table_info('events') WHERE name = 'call_key'").get() !==
  undefined;

/** FNV-1a: it is on disk, and must be the same tomorrow. Calls that share one are told apart by their Call-ID. */
export function hashOfCall(callId: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < callId.length; at++)
    hash = Math.imul(hash ^ callId.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
