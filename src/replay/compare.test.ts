import { describe, expect, test } from 'vitest';
import type { Question } from '../policy/asking/question.ts';
import { Policy } from '../policy/policy.ts';
import { policySchema } from '../policy/policy-settings.ts';
import { compare } from './compare.ts';
import type { Past, PastRequest } from './past.ts';

const START = Date.UTC(2026, 6, 1, 12);
const around = (at: number) => ({
  at,
  keyOf: (address: string) => address,
  isLocal: () => false,
  isAllowed: () => false,
  countryOf: () => undefined,
});
const replayed = (past: readonly Past[], settings: object = {}, unknownMs = 0) =>
  compare(past, new Policy(policySchema.parse(settings)), around, unknownMs);

/** A call of so many seconds, so many seconds after the start. */
const aCall = (after: number, lasts = 0, more: Partial<PastRequest> = {}): PastRequest => ({
  what: 'request',
  at: START + after * 1000,
  count: 1,
  question: { invite: '1002', as: '1001' },
  callId: undefined,
  refused: undefined,
  endsAt: START + (after + lasts) * 1000,
  ...more,
});
const refusedFor = (reason: string, rule: string, stage = 'outbound') => ({ stage, rule, reason });
const abroad: Question = { invite: '00441632960000', as: '1001' };

describe('the past under the policy that was (X4)', () => {
  test('is as it was', async () => {
    const past = [
      aCall(0),
      aCall(1, 0, { question: abroad, refused: refusedFor('country-not-allowed', 'x') }),
    ];
    expect(await replayed(past)).toMatchObject({
      judged: 2,
      same: 2,
      newlyRefused: [],
      newlyPassed: [],
    });
  });
});

describe('under another policy', () => {
  test('what would be refused is told by rule and reason, with examples of different callers', async () => {
    const to = (invite: string, after: number) =>
      aCall(after, 0, { question: { invite, as: '1001', source: '192.0.2.7' } });
    const blocked = { outbound: { 'blocked-numbers': { blocked: ['1002'] } } };
    const { newlyRefused, same } = await replayed(
      [to('1002', 0), to('1002', 60), to('1003', 120)],
      blocked,
    );
    expect(same).toBe(1);
    expect(newlyRefused).toEqual([
      {
        rule: 'blocked-numbers',
        reason: 'number-blocked',
        count: 2,
        examples: [
          { at: START, extension: '1001', number: '1002', source: '192.0.2.7', callId: undefined },
        ],
      },
    ]);
  });
  test('what would be let through is told by what refused it', async () => {
    const past = aCall(0, 0, {
      question: abroad,
      refused: refusedFor('country-not-allowed', 'allowed-countries'),
      endsAt: undefined,
      count: 3,
    });
    const { newlyPassed } = await replayed([past], {
      outbound: { 'allowed-countries': { countries: ['GB'] } },
    });
    expect(newlyPassed).toMatchObject([
      { rule: 'allowed-countries', reason: 'country-not-allowed', count: 3 },
    ]);
  });
  test('what would be refused for another reason is neither', async () => {
    const past = aCall(0, 0, { question: abroad, refused: refusedFor('number-blocked', 'x') });
    expect(await replayed([past])).toMatchObject({
      newlyRefused: [],
      newlyPassed: [],
      refusedOtherwise: [{ reason: 'country-not-allowed', count: 1 }],
    });
  });
});

describe('what is counted', () => {
  const most = (calls: number) => ({ outbound: { 'concurrent-calls': { extension: calls } } });
  const refused = async (past: readonly Past[], settings: object, unknownMs?: number) =>
    (await replayed(past, settings, unknownMs)).newlyRefused.map(({ reason, count }) => [
      reason,
      count,
    ]);

  test('are calls that are live at the same time, for as long as they lasted', async () => {
    const past = [aCall(0, 60), aCall(30, 60), aCall(61, 10), aCall(95, 10)];
    expect(await refused(past, most(1))).toEqual([['calls-too-many', 1]]);
    expect(await refused(past, most(2))).toEqual([]);
  });
  test('are calls of which no end is known for as long as is assumed', async () => {
    const past = [aCall(0, 0, { endsAt: undefined }), aCall(60)];
    expect(await refused(past, most(1), 30_000)).toEqual([]);
    expect(await refused(past, most(1), 90_000)).toEqual([['calls-too-many', 1]]);
  });
  test('are calls in a short time', async () => {
    const limits = [{ calls: 2, seconds: 10, each: 'extension' }];
    const past = [aCall(0), aCall(1), aCall(2), aCall(12)];
    expect(await refused(past, { outbound: { 'call-frequency': { limits } } })).toEqual([
      ['calls-too-frequent', 1],
    ]);
  });
  test('is a call that was challenged once, also while it lasts', async () => {
    const again = { ...aCall(1, 60).question, asksAgain: true };
    const past = [aCall(0, 61, { callId: 'a' }), aCall(1, 60, { callId: 'a', question: again })];
    expect(await refused(past, most(1))).toEqual([]);
    expect(await refused([...past, aCall(30)], most(1))).toEqual([['calls-too-many', 1]]);
  });
  test('are no emergency calls', async () => {
    const emergency = aCall(0, 60, { question: { invite: '112', as: '1001' } });
    expect(await refused([emergency, emergency, aCall(1)], most(1))).toEqual([]);
  });
  test('are failures to register, whatever they were then', async () => {
    const failure: Past = {
      what: 'failure',
      at: START,
      count: 10,
      extension: '1001',
      source: '192.0.2.7',
      kind: 'password-wrong',
    };
    const registration = aCall(60, 0, { question: { register: '1001', source: '192.0.2.7' } });
    expect(await refused([failure, registration], {})).toEqual([['locked-out', 1]]);
    expect(await refused([{ ...failure, count: 9 }, registration], {})).toEqual([]);
  });
  test('are not packets, of which there is no record', async () => {
    const scanner = aCall(0, 0, { refused: refusedFor('scanner', 'scanners', 'network') });
    const fast = aCall(0, 0, { refused: refusedFor('request-rate', 'request-rates', 'network') });
    expect(await replayed([scanner, fast])).toMatchObject({
      newlyPassed: [{ reason: 'scanner', count: 1 }],
      uncountable: 1,
    });
    expect(await replayed([{ what: 'untold' }])).toMatchObject({ judged: 0, untold: 1 });
  });
});
