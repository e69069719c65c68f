import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AT, aRequest } from '../../test/support/some-facts.ts';
import type { Decided } from '../edge/gatekeeper.ts';
import { reject } from '../policy/verdict.ts';
import type { GateEvent } from './event.ts';
import { GateEvents } from './gate-events.ts';

let sent: GateEvent[];
let lost: number;
let events: GateEvents;

beforeEach(() => {
  vi.useFakeTimers({ now: AT });
  sent = [];
  lost = 0;
  events = new GateEvents({
    most: 100,
    send(batch, gone) {
      sent.push(...batch);
      lost += gone;
    },
  });
});
afterEach(() => {
  events.close();
  vi.useRealTimers();
});

const refusal = (address = '198.51.100.7', more: object = {}): Decided => {
  const request = aRequest(more);
  return {
    stage: 'network',
    facts: { ...request, at: Date.now(), source: { ...request.source, address, key: address } },
    decision: { verdict: reject(403, 'scanner'), rule: 'scanners', shadows: [] },
    trail: () => [{ rule: 'scanners', says: 'refuse', saw: 'User-Agent "x"' }],
  };
};

test('a wrong password is told of, and how often it came within a second', () => {
  for (let again = 0; again < 5; again++) events.failed('1001', '198.51.100.7', 'password-wrong');
  vi.advanceTimersByTime(1300);
  const told = { kind: 'failed', extension: '1001', reason: 'password-wrong' };
  expect(sent).toEqual([
    expect.objectContaining({ ...told, count: 1 }),
    expect.objectContaining({ ...told, count: 4 }),
  ]);
});

describe('a refusal', () => {
  test('is told with who, why and the trail', () => {
    events.decided(refusal());
    vi.advanceTimersByTime(300);
    expect(sent).toEqual([
      expect.objectContaining({
        kind: 'refused',
        reason: 'scanner',
        rule: 'scanners',
        status: 403,
        source: '198.51.100.7',
        extension: '1001',
        count: 1,
        trail: [{ rule: 'scanners', says: 'refuse', saw: 'User-Agent "x"' }],
      }),
    ]);
  });
  test('that comes again and again from one source is two events a second, one with the count', () => {
    for (let again = 0; again < 1000; again++) events.decided(refusal());
    vi.advanceTimersByTime(1300);
    expect(sent.map(({ count }) => count)).toEqual([1, 999]);
    expect(sent[1]?.trail).toBeUndefined();
  });
  test('that comes from very many sources at once is bounded, and all of them are counted', () => {
    for (let one = 0; one < 50_000; one++)
      events.decided(refusal(`10.${one >> 16}.${(one >> 8) & 255}.${one & 255}`));
    vi.advanceTimersByTime(1300);
    const told = sent.reduce((sum, { count }) => sum + count, 0);
    expect(sent.length).toBeLessThanOrEqual(200);
    expect(told + lost).toBeGreaterThanOrEqual(49_990);
    expect(told + lost).toBeLessThanOrEqual(50_010);
  });
  test('keeps little of what a stranger wrote', () => {
    events.decided(refusal(undefined, { userAgent: 'A'.repeat(60_000) }));
    events.flush();
    expect(sent[0]?.userAgent?.length).toBeLessThan(250);
  });
});
