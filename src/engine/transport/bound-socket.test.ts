import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ownLinks } from '../../../test/support/own-links.ts';
import { bindBeside, bindShared, descriptorOf } from './bound-socket.ts';

describe('a port that may be bound beside', () => {
  test.each(['127.0.0.1', '::1'])('is at %s bound again by whoever means to', async (address) => {
    const first = await bindShared({ address, port: 0 });
    const second = await bindBeside(first.address());
    expect(second.address()).toEqual(first.address());
    first.close();
    second.close();
  });

  test.skipIf(!existsSync('/proc/net/udp')).each(['127.0.0.1', '::1'])(
    'is at %s had by one of two who start in the same instant, at most',
    async (address) => {
      const free = await bindShared({ address, port: 0 });
      const { port } = free.address();
      const closed = once(free, 'close');
      free.close();
      await closed;
      // however far the first has come when the second begins
      for (let steps = 0; steps < 40; steps++) {
        const first = bindShared({ address, port });
        for (let step = 0; step < steps; step++) await Promise.resolve();
        const tries = await Promise.allSettled([first, bindShared({ address, port })]);
        const bound = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
        for (const socket of bound) socket.close();
        expect(bound.length, `after ${steps} steps`).toBeLessThan(2);
        for (const one of tries)
          if (one.status === 'rejected') expect(one.reason).toHaveProperty('code', 'EADDRINUSE');
      }
    },
  );
});

describe.skipIf(!existsSync('/proc/net/udp'))('the descriptor of a socket', () => {
  test.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('is its own, at %s', async (address) => {
    const first = await bindShared({ address, port: 0 });
    const second = await bindShared({ address, port: 0 });
    const [one, two] = [descriptorOf(first), descriptorOf(second)];
    const closed = once(first, 'close');
    first.close();
    await closed;
    expect([one, two]).toEqual([expect.any(Number), descriptorOf(second)]);
    expect(existsSync(`/proc/self/fd/${two}`)).toBe(true);
    expect(existsSync(`/proc/self/fd/${one}`)).toBe(false);
    second.close();
  });

  test.each(ownLinks)(
    'is not told where another interface may have the address: $address',
    async ({ address }) => {
      const socket = await bindShared({ address, port: 0 });
      expect(descriptorOf(socket)).toBeUndefined();
      socket.close();
    },
  );
});
