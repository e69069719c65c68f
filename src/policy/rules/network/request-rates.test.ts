import { describe, expect, test } from 'vitest';
import {
  aRequest,
  aSource,
  countersOfOwn,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';

import type { RequestFacts, Source } from '../../facts.ts';
import { requestRates } from './request-rates.ts';

const AT = 1_800_000_000_000;
const rule = (options: object = {}) =>
  requestRates.create(requestRates.options.parse(options), someSite());
const request = (method: string, source: Partial<Source> = {}, about: Partial<RequestFacts> = {}) =>
  aRequest({ method, at: AT, source: aSource(source), ...about });

function passed(count: number, facts: (index: number) => RequestFacts, options: object = {}) {
  const asked = rule(options);
  const counters = countersOfOwn();
  let passes = 0;
  for (let index = 0; index < count; index++)
    if (asked.judge(facts(index), counters).kind === 'pass') passes++;
  return passes;
}

describe('request-rates (N7)', () => {
  test.each([
    ['REGISTER', 60],
    ['INVITE', 20],
    ['OPTIONS', 30],
  ])('a stranger may send a burst of %s, and no more', (method, burst) => {
    expect(passed(burst + 50, () => request(method))).toBe(burst);
  });
  test('kinds of requests do not take from each other', () => {
    const asked = rule();
    const counters = countersOfOwn();
    for (let sent = 0; sent < 100; sent++) asked.judge(request('REGISTER'), counters);
    expect(asked.judge(request('INVITE'), counters).kind).toBe('pass');
    expect(asked.judge(request('OPTIONS'), counters).kind).toBe('pass');
  });
  test('an office of 250 phones behind one address registers again at once, two REGISTERs each', () => {
    const office = (index: number) =>
      request('REGISTER', { familiar: true, port: 1024 + (index >> 1) });
    expect(passed(500, office)).toBe(500);
  });
  test('a new office gets in while the first of it are still strangers', () => {
    const asked = rule();
    const counters = countersOfOwn();
    const verdicts = Array.from({ length: 250 }, () => asked.judge(request('REGISTER'), counters));
    expect(verdicts.some((verdict) => 'block' in verdict && verdict.block !== undefined)).toBe(
      false,
    );
    const later = request('REGISTER', { familiar: true });
    expect(asked.judge(later, counters).kind).toBe('pass');
  });
  test('who forges a phone’s address and port empties one bucket: the phone is challenged, and has another then (N12)', () => {
    const asked = rule();
    const counters = countersOfOwn();
    const phone = { tier: 'known', familiar: true } as const;
    const forged = request('REGISTER', phone, { doubtful: true });
    for (let sent = 0; sent < 30; sent++) expect(asked.judge(forged, counters).kind).toBe('pass');
    expect(asked.judge(forged, counters)).toEqual({ kind: 'challenge', reason: 'request-rate' });
    const proven = request('REGISTER', phone);
    for (let sent = 0; sent < 30; sent++) expect(asked.judge(proven, counters).kind).toBe('pass');
    expect(asked.judge(proven, counters).kind).toBe('reject');
    expect(asked.explain(forged, counters).flip).toBe(
      'answer the challenge that this one is given',
    );
  });
  test('strangers are not challenged for it: they have nothing that could be taken from them', () => {
    const asked = rule();
    const counters = countersOfOwn();
    const stranger = request('REGISTER', {}, { doubtful: true });
    const kinds = Array.from({ length: 61 }, () => asked.judge(stranger, counters).kind);
    expect(kinds.at(-1)).toBe('reject');
  });
  test('a registered phone has a bucket of its own, whatever others send from its address', () => {
    const asked = rule();
    const counters = countersOfOwn();
    for (let sent = 0; sent < 5000; sent++)
      asked.judge(request('INVITE', { familiar: true }), counters);
    expect(asked.judge(request('INVITE', { familiar: true }), counters).kind).toBe('reject');
    const phone = request('INVITE', { familiar: true, tier: 'known' });
    expect(asked.judge(phone, counters).kind).toBe('pass');
  });
  test('what is said inside a call of a phone is never refused', () => {
    const bye = () => request('BYE', { tier: 'known' }, { inDialog: true });
    expect(passed(1000, bye)).toBe(1000);
  });
  test('answers 503 and when to try again, then is silent and blocks', () => {
    const asked = rule({ blockAfter: 5 });
    const counters = countersOfOwn();
    const verdicts = Array.from({ length: 26 + 6 }, () => asked.judge(request('INVITE'), counters));
    expect(verdicts[20]).toEqual({
      kind: 'reject',
      status: 503,
      reason: 'request-rate',
      retryAfterSeconds: 10,
    });
    expect(verdicts.at(-1)).toEqual({
      kind: 'drop',
      reason: 'request-rate',
      block: { seconds: 3600 },
    });
  });
  test('is silent when told to be', () => {
    const asked = rule({ answer: 'silence' });
    expect(asked.judge(request('INVITE'), { ...noCounts, take: () => false })).toEqual({
      kind: 'drop',
      reason: 'request-rate',
    });
  });
  test('IPv6 sources count by /64', () => {
    const key = '20010db800000000';
    const many = (index: number) => request('INVITE', { address: `2001:db8::${index}`, key });
    expect(passed(100, many)).toBe(20);
  });
  test('explains by the bucket that was empty', () => {
    expect(rule().explain(request('INVITE'), { ...noCounts, take: () => false })).toEqual({
      saw: 'INVITE from 198.51.100.7, beyond 2 a second and 20 at once',
      setting: ['network', 'request-rates', 'strangers', 'invite'],
      flip: 'fewer requests, or its address among network.allowed',
    });
  });
});
