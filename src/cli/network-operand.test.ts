import { expect, test } from 'vitest';
import { canonicalNetwork } from '../limits/address-key.ts';
import { readNetwork } from './network-operand.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['192.0.2.7/24', '192.0.2.0/24'],
  ['2001:db8::1/64', '2001:db8::/64'],
  ['::ffff:c000:207', '192.0.2.7'],
  ['192.0.2.7/32', '192.0.2.7'],
  ['::ffff:0:0/96', '0.0.0.0/0'],
])('%s is looked for as %s, as blocks and events have it', (given, written) => {
  expect(canonicalNetwork(given)).toBe(written);
  expect(readNetwork([given])).toBe(written);
});
