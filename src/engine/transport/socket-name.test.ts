import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownLinks } from '../../../test/support/own-links.ts';
import { canonicalAddress, packAddress } from '../../edge/packed-address.ts';
import { addressText, IPV4, IPV6, socketName } from './socket-name.ts';

/** A `struct sockaddr` of Linux. */
function sockaddr(address: string, scope = 0): Buffer {
  const packed = packAddress(address) ?? Buffer.alloc(0);
  const name = Buffer.alloc(32);
  name.writeUInt16LE(packed.length === 4 ? IPV4 : IPV6);
  name.writeUInt16BE(5060, 2);
  name.set(packed, packed.length === 4 ? 4 : 8);
  name.writeUInt32LE(scope, 24);
  return name;
}

describe('the name of a socket', () => {
  test('has the words of its address as they stand in memory', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const name = socketName(address);
        if (name === undefined) return expect(address).toMatch(/^fe[89ab]/i);
        const words = typeof name === 'number' ? [name] : name;
        expect(Buffer.from(Int32Array.from(words).buffer)).toEqual(packAddress(address));
      }),
    );
  });

  test.each(['fe80::1', 'fe80::1%eth0', 'febf::1', '2001:db8::1%eth0', 'host', ''])(
    'there is none for %j',
    (address) => expect(socketName(address)).toBeUndefined(),
  );

  test.each(['fec0::1', 'fe7f::1', '0.0.0.0', '::'])('there is one for %s', (address) =>
    expect(socketName(address)).toBeDefined(),
  );
});

describe('the address of a socket', () => {
  test('is written as Node writes it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        expect(addressText(sockaddr(address))).toBe(canonicalAddress(address));
      }),
    );
  });

  test('of a link has its interface, by name where it is known; of no other', () => {
    expect(addressText(sockaddr('fe80::1', 4_000_000_000))).toBe('fe80::1%4000000000');
    expect(addressText(sockaddr('fe80::1'))).toBe('fe80::1');
    expect(addressText(sockaddr('2001:db8::1', 7))).toBe('2001:db8::1');
  });

  test.each(ownLinks)('is behind $name', ({ name, scope }) => {
    expect(addressText(sockaddr('febf::1', scope))).toBe(`febf::1%${name}`);
  });
});
