import { expect, test } from 'vitest';
import { anyOrder, type Steps } from '../../test/support/any-order.ts';
import { turnsDuring } from '../../test/support/turns-during.ts';
import { CallLeases } from './call-leases.ts';
import type { Call } from './signaling.ts';

const name = 'a;from-tag=b';

test('a call that takes its places only when it is answered has them until it ends (N12, O8)', () => {
  const leases = new CallLeases();
  leases.started(name);
  leases.open(name, ['extension 1001'], 1000)?.(200);
  expect(leases.ledger.live('extension 1001')).toBe(1);
  leases.ended(name);
  expect(leases.ledger.live('extension 1001')).toBe(0);
});

test('a call that has no places leaves nothing behind', () => {
  const leases = new CallLeases();
  leases.started(name);
  leases.ended(name);
  leases.open(name, ['extension 1001'], 1000)?.(486);
  expect(leases.ledger.live('extension 1001')).toBe(0);
});

const KEY = 'extension 1001';
const opening = (leases: CallLeases, name: string, restOf: string): Steps => {
  let done: (status: number) => void = () => {};
  return {
    open() {
      done = leases.open(name, [KEY], 0, restOf) ?? done;
    },
    started: () => leases.started(name),
    ended: () => leases.ended(name),
    done: (status) => done(status),
  };
};

test('all places are free again, in whatever order calls and the rests of them ring, fork, are answered and end', () => {
  const others: Readonly<Record<string, string>> = { a: 'b', b: 'c', c: 'a' };
  for (let seed = 1; seed <= 300; seed++) {
    const leases = new CallLeases();
    const names = Object.keys(others);
    for (const step of anyOrder(seed, names, (one) => opening(leases, one, others[one] ?? '')))
      step();
    expect(leases.ledger.live(KEY), `seed ${seed}`).toBe(0);
    for (const one of names) {
      const done = leases.open(one, [KEY], 0);
      leases.started(one);
      done?.(200);
      expect(leases.ledger.live(KEY), `seed ${seed}`).toBe(1);
      leases.ended(one);
      expect(leases.ledger.live(KEY), `seed ${seed}`).toBe(0);
    }
  }
});

test('very many calls keep their places, and packets pass while they are renewed', async () => {
  const names = Array.from({ length: 5000 }, (_, one) => `${one};from-tag=b`);
  const leases = new CallLeases();
  for (const one of names) {
    leases.started(one);
    leases.open(one, [KEY], 0)?.(200);
  }
  const calls = names.map((one) => ({ id: `${one};to-tag=c` }) as Call);
  const later = Date.now() + 60_000;
  const { turns } = await turnsDuring(() =>
    leases.renew({ calls: () => calls, ringing: () => [] }, later),
  );
  expect(turns).toBeGreaterThan(10);
  // all but the last are there still
  await leases.renew({ calls: () => calls.slice(0, -1), ringing: () => [] }, later + 60_000);
  await leases.renew({ calls: () => calls.slice(0, -1), ringing: () => [] }, later + 120_000);
  expect(leases.ledger.live(KEY)).toBe(4999);
});
