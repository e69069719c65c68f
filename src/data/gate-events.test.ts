import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AT, aCall, aRequest } from '../../test/support/some-facts.ts';
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
  test('of strangers washes nothing out: a hundred sources a second are told apart, the rest is one event', () => {
    events = new GateEvents({ send: (batch) => sent.push(...batch) });
    for (let one = 0; one < 1000; one++) events.decided(refusal(`10.0.${one >> 8}.${one & 255}`));
    vi.advanceTimersByTime(1300);
    expect(sent.map(({ count }) => count)).toEqual([...new Array(100).fill(1), 900]);
  });
  test('keeps little of what a stranger wrote', () => {
    events.decided(refusal(undefined, { userAgent: 'A'.repeat(60_000) }));
    events.flush();
    expect(sent[0]?.userAgent?.length).toBeLessThan(250);
  });
});

describe('an emergency call', () => {
  const emergency = (extension: string, address: string, tier: 'known' | 'unknown') => {
    const call = aCall({ extension, emergency: true });
    events.emergency({ ...call, source: { ...call.source, address, key: address, tier } });
  };
  const told = () => {
    vi.advanceTimersByTime(1300);
    return sent.map(({ kind, level, extension, count }) => [kind, level, extension, count]);
  };

  test('is an alert for each extension, at once, also behind one address', () => {
    emergency('1001', '198.51.100.7', 'known');
    emergency('1002', '198.51.100.7', 'known');
    events.flush();
    expect(told()).toEqual([
      ['emergency', 'alert', '1001', 1],
      ['emergency', 'alert', '1002', 1],
    ]);
  });
  test('of a stranger is one alert and a count, whoever he says he is', () => {
    for (let call = 0; call < 5000; call++) emergency(`x${call}`, '203.0.113.7', 'unknown');
    expect(told()).toEqual([
      ['emergency', 'alert', 'x0', 1],
      ['emergency', 'alert', 'x0', 4999],
    ]);
  });
  test('of a phone is told of in a flood of them by strangers', () => {
    events = new GateEvents({ send: (batch) => sent.push(...batch) });
    for (let call = 0; call < 5000; call++)
      emergency('x', `10.1.${call >> 8}.${call & 255}`, 'unknown');
    emergency('1001', '198.51.100.7', 'known');
    const counts = told();
    expect(counts).toHaveLength(102);
    expect(counts.at(100)).toEqual(['emergency', 'alert', '1001', 1]);
    expect(counts.at(101)).toEqual(['emergency', 'alert', undefined, 4900]);
  });
});
