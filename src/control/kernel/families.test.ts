import { expect, test } from 'vitest';
import { networksByFamily } from './families.ts';

test('networks are told apart by family, written one way, and none lies in another', () => {
  expect(
    networksByFamily([
      ...['192.0.2.7', '192.0.2.0/255.255.255.0', '192.0.2.128/25', '198.51.100.1'],
      ...['2001:DB8::/32', '2001:db8:1::1', '::ffff:198.51.100.1', 'fe80::1'],
    ]),
  ).toEqual({
    4: ['192.0.2.0/24', '198.51.100.1'],
    6: ['2001:db8::/32', 'fe80::1'],
  });
});

test('what is no network goes no further', () => {
  const texts = ['192.0.2.7; flush ruleset', '}', '', 'example.com', '192.0.2.7 timeout 1s'];
  expect(networksByFamily(texts)).toEqual({ 4: [], 6: [] });
});
