import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { PasswordsUnderWay } from './passwords-under-way.ts';

const MOST = 3;
const KEY = '1001|192.0.2.1';

/** Callers of which so many may be asked about at once; what is under way is ended one by one, the last first or last. */
function callers(count: number) {
  let failed = 0;
  let ended = 0;
  let most = 0;
  const asked: (() => void)[] = [];
  const underWay = new PasswordsUnderWay(
    (_key, others) => failed < MOST && failed + others >= MOST,
  );
  const come = (): void => {
    if (failed + underWay.count(KEY) < MOST) {
      asked.push(underWay.begin([KEY, 'network']));
      most = Math.max(most, failed + underWay.count(KEY));
    } else if (!underWay.waits(KEY, come)) ended++;
  };
  for (let one = 0; one < count; one++) come();
  return {
    underWay,
    of: () => ({ ended, most }),
    async answer(isWrong: (one: number) => boolean, from: 'first' | 'last') {
      for (let one = 0; asked.length > 0; one++) {
        const over = from === 'first' ? asked.shift() : asked.pop();
        over?.();
        over?.();
        ended++;
        if (isWrong(one)) failed++;
        await nextTurn();
      }
    },
  };
}

test.each(['first', 'last'] as const)(
  'all that wait have their turn, and no more at once than may fail: the %s is answered first',
  async (from) => {
    const some = callers(50);
    await some.answer(() => false, from);
    expect(some.of()).toEqual({ ended: 50, most: MOST });
    expect([some.underWay.count(KEY), some.underWay.count('network')]).toEqual([0, 0]);
  },
);

test.each([0, 1, 5])(
  'nobody waits for ever where passwords are wrong after %i right ones',
  async (right) => {
    const some = callers(50);
    await some.answer((one) => one >= right, 'first');
    expect(some.of()).toEqual({ ended: 50, most: MOST });
    expect([some.underWay.count(KEY), some.underWay.count('network')]).toEqual([0, 0]);
  },
);

test('of very many the last are judged at once', () => {
  expect(callers(2000).of().ended).toBe(2000 - MOST - 1024);
});
