import { describe, expect, test } from 'vitest';
import { AddressSet } from './address-set.ts';

describe('a set of addresses', () => {
  test.each([
    ['an address', '192.0.2.1', ['192.0.2.1'], ['192.0.2.2', '192.0.2.10']],
    ['a CIDR', '192.0.2.0/25', ['192.0.2.0', '192.0.2.127'], ['192.0.2.128', '192.0.3.1']],
    ['a CIDR named by any of its addresses', '192.0.2.77/24', ['192.0.2.1'], ['192.0.3.77']],
    ['address/netmask', '10.1.0.0/255.255.0.0', ['10.1.2.3'], ['10.2.0.0']],
    ['one address as CIDR', '192.0.2.1/32', ['192.0.2.1'], ['192.0.2.0']],
    ['all of IPv4', '0.0.0.0/0', ['1.2.3.4', '255.255.255.255'], ['2001:db8::1']],
    ['an IPv6 address', '2001:db8::1', ['2001:db8::1'], ['2001:db8::2', '::1']],
    ['an IPv6 address written out', '2001:DB8:0:0:0:0:0:1', ['2001:db8::1'], []],
    ['an IPv6 CIDR', '2001:db8::/32', ['2001:db8:ffff::1'], ['2001:db9::', '192.0.2.1']],
  ])('holds %s', (_what, entry, within, without) => {
    const set = new AddressSet([entry]);
    for (const address of within) expect(set.has(address), address).toBe(true);
    for (const address of without) expect(set.has(address), address).toBe(false);
  });

  test('holds all it was given, sooner or later', () => {
    const set = new AddressSet(['192.0.2.1', '198.51.100.0/24']);
    set.add('2001:db8::/64');
    for (const address of ['192.0.2.1', '198.51.100.9', '2001:db8::9'])
      expect(set.has(address)).toBe(true);
  });

  test('holds nothing when empty, and nothing that is no address', () => {
    for (const set of [new AddressSet([]), new AddressSet(['pbx.test', '', '10.0.0.0/8'])])
      for (const host of ['', 'pbx.test', '192.0.2', 'a:b', '[::1]', '192.0.2.1'])
        expect(set.has(host), host).toBe(false);
  });
});
