import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { KnownSources } from './known-sources.ts';
import type { Call } from './signaling.ts';

const nobody = { holds: () => false };

function calls(count: number) {
  let read = 0;
  function* all() {
    for (let one = 0; one < count; one++) {
      read++;
      yield { caller: { token: `caller ${one}` }, callee: { token: `callee ${one}` } } as Call;
    }
  }
  return { all, read: () => read };
}

test('who is in one of a few calls is known at once', () => {
  const known = new KnownSources(nobody, calls(900).all);
  expect(known.has({ token: 'caller 899' })).toBe(true);
  expect(known.has({ token: 'callee 0' })).toBe(true);
  expect(known.has({ token: 'caller 900' })).toBe(false);
});

test('very many calls are gone through a few at a time, once', async () => {
  const { all, read } = calls(10_000);
  const known = new KnownSources(nobody, all);
  let most = 0;
  for (let turn = 0; turn < 20; turn++) {
    const before = read();
    known.has({ token: 'caller 9999' });
    await nextTurn();
    most = Math.max(most, read() - before);
  }
  expect(known.has({ token: 'caller 9999' })).toBe(true);
  expect(most).toBeLessThanOrEqual(2000);
  expect(read()).toBe(10_000);
});
