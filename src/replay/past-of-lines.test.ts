import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aCall, aNumber } from '../../test/support/some-facts.ts';
import { eventOfRequest } from '../data/event-of-request.ts';
import { pastOfLines } from './past-of-lines.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drawbridge-lines-'));
  file = join(folder, 'events.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const lineOf = (callId: string): string =>
  JSON.stringify(eventOfRequest(aCall({ callId, dialled: aNumber() }), 'call', 'info'));
async function read(): Promise<number> {
  let count = 0;
  for await (const _ of pastOfLines(file)) count++;
  return count;
}

test.each([
  ['plain', 'a'],
  ['longer than what is read at once', 'é'.repeat(150_000)],
  ['that JSON leaves as they are though elsewhere they end a line', 'a\u2028b\u2029c\u0085d'],
  ['that JSON writes otherwise', 'a\r\n"\ud800'],
])('events are read again whatever a text in them is: %s', async (_what, text) => {
  const note = JSON.stringify({ at: 1, level: 'info', kind: 'reload', count: 1, text });
  writeFileSync(file, `${lineOf('one')}\n${note}\r\n\n${lineOf('two')}`);
  expect(await read()).toBe(2);
});

test('a line that is no event is named', async () => {
  writeFileSync(file, `${lineOf('one')}\n\n{"at":\n`);
  await expect(read()).rejects.toThrow(`${file}:3: found no event`);
});
