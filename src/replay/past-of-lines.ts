import { createReadStream } from 'node:fs';
import type { GateEvent } from '../data/event.ts';
import { eventKinds } from '../edge/event-kinds.ts';
import type { Past } from './past.ts';
import { callEndsOf, pastOfEvent } from './past-of-events.ts';

/** The past of an events.jsonl. It is read twice, for only its end tells how long calls lasted. */
export async function* pastOfLines(file: string, since = 0): AsyncGenerator<Past> {
  const ended: GateEvent[] = [];
  for await (const event of eventsIn(file)) if (event.kind === 'call-ended') ended.push(event);
  const ends = callEndsOf(ended);
  for await (const event of eventsIn(file)) {
    const past = event.at < since ? undefined : pastOfEvent(event, ends);
    if (past !== undefined) yield past;
  }
}

async function* eventsIn(file: string): AsyncGenerator<GateEvent> {
  let line = 0;
  for await (const text of linesOf(file)) {
    line++;
    if (text === '') continue;
    yield eventOf(text) ?? fail(`${file}:${line}: found no event, expected a line of events.jsonl`);
  }
}

/** Not by `readline`: it ends a line at U+2028 and U+2029 too, which JSON has within a text. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let begun = '';
  for await (const read of createReadStream(file, 'utf8')) {
    const lines = `${begun}${read}`.split('\n');
    begun = lines.pop() ?? '';
    yield* lines;
  }
  yield begun;
}

function eventOf(text: string): GateEvent | undefined {
  try {
    const event: GateEvent = JSON.parse(text);
    return typeof event.at === 'number' && eventKinds.includes(event.kind) ? event : undefined;
  } catch {
    return undefined;
  }
}

function fail(message: string): never {
  throw new Error(message);
}
