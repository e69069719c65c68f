import { isIPv4 } from 'node:net';
import { expect, test } from 'vitest';
import { sourceAddress } from './source-address.ts';

test('a few connections share an address, the next ones get another', () => {
  expect(sourceAddress(0)).toBe('127.1.0.1');
  expect(sourceAddress(15)).toBe('127.1.0.1');
  expect(sourceAddress(16)).toBe('127.1.0.2');
});

test('every one is an address, also after the last', () => {
  for (let n = 0; n < 3_000_000; n += 997) {
    const address = sourceAddress(n);
    if (!isIPv4(address) || /\.(0|255)$/.test(address)) throw new Error(`${n}: ${address}`);
  }
});
