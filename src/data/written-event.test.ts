import { expect, test } from 'vitest';
import type { GateEvent } from './event.ts';
import { packEvents, readAgain, unpackEvents, written } from './written-event.ts';

const call: GateEvent = {
  ...{ at: 1, level: 'info', kind: 'call', count: 1, source: '198.51.100.7', country: undefined },
  ...{ callId: 'a"\n\u2028b', extension: '1001', number: '+4930123', asked: { toPort: 5070 } },
};
const refusal: GateEvent = {
  ...{ at: 2, level: 'warn', kind: 'refused', count: 3, reason: 'scanner', rule: 'scanners' },
  trail: [{ rule: 'scanners', says: 'refuse', saw: 'User-Agent "x"' }],
};

test('events come out of a message to another thread as they were written', () => {
  const events = unpackEvents(structuredClone(packEvents([call, refusal])));
  expect(events).toEqual([call, refusal].map(written));
  expect(events.map(readAgain)).toEqual([call, refusal]);
  expect(unpackEvents(packEvents([]))).toEqual([]);
});

test('what an event is looked for by says the same as its text, which is one line', () => {
  for (const { json, ...columns } of [call, refusal].map(written)) {
    expect(JSON.parse(json)).toMatchObject(JSON.parse(JSON.stringify(columns)));
    expect(json).not.toContain('\n');
  }
  expect(written(refusal)).toMatchObject({ level: 'warn', reason: 'scanner', rule: 'scanners' });
});
