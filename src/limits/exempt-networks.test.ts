import { expect, test } from 'vitest';
import { formatNetwork, parseNetwork } from './address-key.ts';
import { ExemptNetworks } from './exempt-networks.ts';

function leftOf(text: string, ...exempt: string[]): readonly string[] {
  const network = parseNetwork(text);
  if (network === undefined) throw new Error(text);
  return new ExemptNetworks(exempt).leftOf(network).map(formatNetwork);
}

test('what touches none is left whole, what is a part of one is gone', () => {
  expect(leftOf('192.0.2.0/24')).toEqual(['192.0.2.0/24']);
  expect(leftOf('192.0.2.0/24', '198.51.100.0/24', '2001:db8::/32')).toEqual(['192.0.2.0/24']);
  expect(leftOf('192.0.2.7', '192.0.2.0/24')).toEqual([]);
  expect(leftOf('192.0.2.0/24', '192.0.2.0/24', '192.0.2.0/32')).toEqual([]);
  expect(leftOf('2001:db8:1::/48', '2001:db8::/32')).toEqual([]);
});

test('what has one in it is left in pieces around it', () => {
  expect(leftOf('192.0.2.0/24', '192.0.2.128/25')).toEqual(['192.0.2.0/25']);
  expect(leftOf('192.0.2.0/29', '192.0.2.5')).toEqual([
    '192.0.2.0/30',
    '192.0.2.4',
    '192.0.2.6/31',
  ]);
  expect(leftOf('192.0.2.0/30', '192.0.2.0', '192.0.2.3')).toEqual(['192.0.2.1', '192.0.2.2']);
  const pieces = leftOf('2001:db8::/32', '2001:db8::1');
  expect(pieces).toHaveLength(96);
  expect(pieces.at(-1)).toBe('2001:db8:8000::/33');
});
