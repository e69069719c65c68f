import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalAddress,
  formatSource,
  packAddress,
  sourceOf,
  unpackAddress,
} from './packed-address.ts';

describe('packAddress', () => {
  test.each([
    ['192.0.2.1', 'c0000201'],
    ['::', '0'.repeat(32)],
    ['::1', '00000000000000000000000000000001'],
    ['2001:db8::1:0:2', '20010db8000000000000000100000002'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['fe80::', 'fe800000000000000000000000000000'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001'],
  ])('%s is %s', (address, hex) => {
    expect(packAddress(address)?.toString('hex')).toBe(hex);
  });

  test.each(['', 'host', '1.2.3', '1.2.3.256', '[::1]', ':::'])('%j is no address', (text) => {
    expect(packAddress(text)).toBeUndefined();
  });

  test('what is packed unpacks to the same address, as the system writes it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const packed = packAddress(address);
        expect(packed && unpackAddress(packed)).toBe(canonicalAddress(address));
      }),
    );
  });
});

describe('sourceOf', () => {
  test('an IPv4 address is a source of its own', () => {
    expect(sourceOf('192.0.2.1')).not.toBe(sourceOf('192.0.2.2'));
  });

  test('a /64 is one source', () => {
    expect(sourceOf('2001:db8:0:1::1')).toBe(sourceOf('2001:db8:0:1:ffff:ffff:ffff:ffff'));
    expect(sourceOf('2001:db8:0:1::1')).not.toBe(sourceOf('2001:db8:0:2::1'));
  });
});

test('a source is a network again', () => {
  expect(formatSource(sourceOf('192.0.2.7'))).toBe('192.0.2.7');
  expect(formatSource(sourceOf('2001:db8:1:2::3'))).toBe('2001:0db8:0001:0002::/64');
  expect(formatSource('20010db80001')).toBe('2001:0db8:0001::/48');
});
