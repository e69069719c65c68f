import { readEvents } from '../control/events/events-database.ts';
import type { Past } from '../replay/past.ts';
import { callEndsOf, pastOfEvent } from '../replay/past-of-events.ts';

/** What the events of a gate say of the past, in order. */
export function* pastOfDatabase(file: string, since: number): Generator<Past> {
  const ends = callEndsOf(readEvents(file, ['call-ended'], since));
  for (const event of readEvents(
    file,
    ['call', 'registered', 'emergency', 'refused', 'failed'],
    since,
  )) {
    const past = pastOfEvent(event, ends);
    if (past !== undefined) yield past;
  }
}
