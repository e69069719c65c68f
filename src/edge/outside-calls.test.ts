import { describe, expect, test } from 'vitest';
import { anyOrder, type Steps } from '../../test/support/any-order.ts';
import { aCall, aNumber, aSource } from '../../test/support/some-facts.ts';
import type { CallFacts } from '../policy/facts.ts';
import { callName } from './call-name.ts';
import { type OutsideCall, OutsideCalls } from './outside-calls.ts';

const NUMBER = '+493012345678';
const facts = (about: Partial<CallFacts> = {}): CallFacts =>
  aCall({
    callId: 'c',
    fromTag: 'f',
    dialled: aNumber({ kind: 'national', e164: NUMBER }),
    ...about,
  });
/** What is live by each name is known elsewhere. */
class Calls extends OutsideCalls {
  readonly #live: Map<string, number>;

  constructor(secondsOf: (call: OutsideCall) => number | undefined) {
    const live = new Map<string, number>();
    super(secondsOf, (name) => live.get(name) ?? 0);
    this.#live = live;
  }

  override started(name: string, startedAt: number): void {
    this.#live.set(name, (this.#live.get(name) ?? 0) + 1);
    super.started(name, startedAt);
  }

  override ended(name: string): void {
    this.#live.set(name, (this.#live.get(name) ?? 0) - 1);
    super.ended(name);
  }
}

const open = (calls: Calls, of = facts(), claimsDiversion = false) =>
  calls.open(callName(of), of, claimsDiversion);
const named = (callId = 'c') => callName(facts({ callId }));
const answered = (calls: Calls, at: number, of = facts()) => {
  const { done } = open(calls, of);
  calls.started(callName(of), at);
  done(200);
};
const overdue = (calls: Calls, at: number) => [...calls.overdue(at)].map(({ callId }) => callId);

const opening = (calls: Calls, callId: string): Steps => {
  const name = named(callId);
  let done: (status: number) => void = () => {};
  return {
    open() {
      ({ done } = open(calls, facts({ callId })));
    },
    started: () => calls.started(name, 0),
    ended: () => calls.ended(name),
    done: (status) => done(status),
  };
};

describe('a call outside', () => {
  test('is what the PBX goes on with, until it is refused', () => {
    const calls = new Calls(() => undefined);
    const { call, done } = open(calls);
    expect(calls.continuedBy(NUMBER, undefined, undefined)).toBe(call);
    expect(calls.continuedBy(NUMBER, '1001', undefined)).toBe(call);
    expect(calls.continuedBy(NUMBER, '1002', undefined)).toBeUndefined();
    expect(calls.continuedBy(NUMBER, '1001', '1001')).toBeUndefined();
    expect(calls.continuedBy('+4930', undefined, undefined)).toBeUndefined();
    done(486);
    expect(calls.continuedBy(NUMBER, undefined, undefined)).toBeUndefined();
    expect(calls.of(named())).toBeUndefined();
  });

  test('is not what was forwarded, unless the phone itself said that it was', () => {
    const calls = new Calls(() => undefined);
    const { call } = open(calls, facts(), true);
    expect(calls.continuedBy(NUMBER, undefined, '1009')).toBe(call);
  });

  test('of the PBX is nothing that it could go on with', () => {
    const calls = new Calls(() => undefined);
    open(calls, facts({ source: aSource({ realm: 'core' }) }));
    expect(calls.continuedBy(NUMBER, undefined, undefined)).toBeUndefined();
  });

  test('where a phone transferred to is expected for a minute', () => {
    const calls = new Calls(() => undefined);
    calls.expect(facts({ by: 'refer', at: 1000 }));
    expect(overdue(calls, 60_999)).toEqual([]);
    expect(calls.continuedBy(NUMBER, '1009', '1001')?.extension).toBe('1001');
    expect(calls.continuedBy(NUMBER, '1009', '1002')).toBeUndefined();
    expect(overdue(calls, 61_000)).toEqual([]);
    expect(calls.continuedBy(NUMBER, '1009', '1001')).toBeUndefined();
  });

  test('ends when its time is over, counted from its answer, and once', () => {
    const calls = new Calls(() => 10);
    const { done } = open(calls);
    expect(overdue(calls, 1e9)).toEqual([]);
    calls.started(named(), 5000);
    done(200);
    expect(overdue(calls, 14_999)).toEqual([]);
    expect(overdue(calls, 15_000)).toEqual(['c']);
    expect(overdue(calls, 1e9)).toEqual([]);
    calls.ended(named());
    expect(calls.of(named())).toBeUndefined();
  });

  test('ends no more once it has ended, nor where nothing limits it', () => {
    const calls = new Calls(({ callId }) => (callId === 'c' ? 10 : undefined));
    answered(calls, 0);
    calls.ended(named());
    open(calls, facts({ callId: 'd' }));
    calls.started(named('d'), 0);
    expect(overdue(calls, 1e12)).toEqual([]);
  });

  test('that forked lasts as long as the last of its calls', () => {
    const calls = new Calls(() => 10);
    answered(calls, 0);
    calls.started(named(), 0);
    calls.ended(named());
    expect(overdue(calls, 10_000)).toEqual(['c']);
    calls.ended(named());
    expect(calls.of(named())).toBeUndefined();
  });

  test('outlives one in the house of the same Call-ID and tag, answered before it', () => {
    const calls = new Calls(() => 10);
    calls.started(named(), 0);
    answered(calls, 1000);
    calls.ended(named());
    expect(overdue(calls, 10_999)).toEqual([]);
    expect(overdue(calls, 11_000)).toEqual(['c']);
    calls.ended(named());
    expect(calls.of(named())).toBeUndefined();
  });

  test('outlives one that was answered and ended while it rang', () => {
    const calls = new Calls(() => 10);
    const { done } = open(calls);
    calls.started(named(), 0);
    calls.ended(named());
    expect(overdue(calls, 1e9)).toEqual([]);
    calls.started(named(), 1e9);
    done(200);
    expect(overdue(calls, 1e9 + 10_000)).toEqual(['c']);
    calls.ended(named());
    expect(calls.of(named())).toBeUndefined();
  });

  test('that ended before all was said of its answer is forgotten', () => {
    const calls = new Calls(() => 10);
    const { done } = open(calls);
    calls.started(named(), 0);
    calls.ended(named());
    done(200);
    expect(calls.of(named())).toBeUndefined();
  });

  test('takes up other limits while it lasts', () => {
    let seconds: number | undefined = 100;
    const calls = new Calls(() => seconds);
    for (const callId of ['c', 'd', 'e']) {
      open(calls, facts({ callId }));
      calls.started(named(callId), 0);
    }
    seconds = 10;
    calls.relimit();
    expect(overdue(calls, 9999)).toEqual([]);
    expect(overdue(calls, 10_000).toSorted()).toEqual(['c', 'd', 'e']);
    seconds = undefined;
    calls.relimit();
    expect(overdue(calls, 1e12)).toEqual([]);
  });

  test.each([86_400_000, -86_400_000])('lasts as long though the clock is set by %i ms', (by) => {
    const calls = new Calls(() => 10);
    open(calls);
    calls.started(named(), 1e9);
    calls.clockSet(by);
    expect(overdue(calls, 1e9 + by + 9999)).toEqual([]);
    expect(overdue(calls, 1e9 + by + 10_000)).toEqual(['c']);
  });

  test.each([86_400_000, -86_400_000])(
    'whose place is taken while the clock is set by %i ms has no more time for it',
    (by) => {
      const calls = new Calls(() => 10);
      answered(calls, 1e9);
      const replaced = calls.of(named());
      if (replaced === undefined) throw new Error('it is there');
      const other = facts({ callId: 'd' });
      const { done } = calls.takeOver(callName(other), replaced, other);
      calls.clockSet(by);
      calls.started(named('d'), 1e9 + by + 5000);
      done(200);
      calls.ended(named());
      expect(overdue(calls, 1e9 + by + 9999)).toEqual([]);
      expect(overdue(calls, 1e9 + by + 10_000)).toEqual(['d']);
    },
  );

  test('leaves nothing behind, in whatever order calls of few names ring, fork, are answered and end', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const calls = new Calls(() => 10);
      for (const step of anyOrder(seed, ['c', 'd'], (callId) => opening(calls, callId))) step();
      for (const callId of ['c', 'd']) {
        expect(calls.of(named(callId)), `seed ${seed}`).toBeUndefined();
        // nor is one counted that is none
        answered(calls, 0, facts({ callId }));
        calls.ended(named(callId));
        expect(calls.of(named(callId)), `seed ${seed}`).toBeUndefined();
      }
      expect(calls.continuedBy(NUMBER, undefined, undefined)).toBeUndefined();
      expect(overdue(calls, 1e12)).toEqual([]);
    }
  });

  test('of thousands end in order, whatever their limits', () => {
    const calls = new Calls(({ callId }) => Number(callId));
    const limits = Array.from({ length: 2000 }, (_, index) => ((index * 7919) % 2000) + 1);
    for (const limit of limits) {
      answered(calls, 0, facts({ callId: String(limit) }));
    }
    for (const limit of limits.filter((one) => one % 3 === 0)) calls.ended(named(String(limit)));
    const expected = limits.filter((one) => one % 3 !== 0).toSorted((one, other) => one - other);
    expect(overdue(calls, 2_000_000).map(Number)).toEqual(expected);
  });
});
