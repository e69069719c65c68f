import { isIP, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatNetwork, parseNetwork, readAddress, widen } from './address-key.ts';

const read = (text: string) => {
  const words = new Int32Array(4);
  const family = readAddress(text, words);
  const shown = [...words].map((word) => (word >>> 0).toString(16));
  return family === 0 ? undefined : shown.slice(0, family === 4 ? 1 : 4).join(' ');
};

describe('an address', () => {
  test.each([
    ['192.0.2.1', 'c0000201'],
    ['0.0.0.0', '0'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '0 0 0 0'],
    ['::1', '0 0 0 1'],
    ['2001:db8::1:0:2', '20010db8 0 1 2'],
    ['1:2:3:4:5:6:7:8', '10002 30004 50006 70008'],
    ['1:2:3:4:5:6:7::', '10002 30004 50006 70000'],
    ['::2:3:4:5:6:7:8', '2 30004 50006 70008'],
    ['FE80::A', 'fe800000 0 0 a'],
    ['fe80::1%eth0', 'fe800000 0 0 1'],
    ['fe80::%eth0', 'fe800000 0 0 0'],
    ['64:ff9b::192.0.2.1%eth0', '64ff9b 0 0 c0000201'],
    ['64:ff9b::192.0.2.1', '64ff9b 0 0 c0000201'],
    ['::ffff:192.0.2.1', 'c0000201'],
    ['::ffff:c000:201', 'c0000201'],
  ])('%s is read', (text, words) => {
    expect(read(text)).toBe(words);
  });

  test.each([
    ...['', 'host', '1.2.3', '1.2.3.4.5', '1.2.3.256', '1.2.3.', '.1.2.3', '1..2.3', '01.2.3.4'],
    ...[
      '1.2.3.0004',
      '1.2.3.4294967297',
      '1.2.3.4%eth0',
      ' 1.2.3.4',
      '[::1]',
      ':',
      ':::',
      '1::2::3',
    ],
    ...[
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7:8::',
      '::12345',
      '1:2:',
      ':1:2',
      '::g',
    ],
    ...[
      '::1.2.3',
      '::1.2.3.4:5',
      '1:2:3:4:5:6:7:1.2.3.4',
      '%eth0',
      '1:%eth0',
      '::1:%eth0',
      '::1.2.3.4.%eth0',
    ],
  ])('%j is none', (text) => {
    expect(read(text)).toBeUndefined();
  });

  test('without a zone, what node takes for an address is one, and nothing else', () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(...'0123456789abf:.') }),
      fc.string().filter((any) => !any.includes('%')),
    );
    fc.assert(
      fc.property(text, (address) => {
        expect(read(address) !== undefined).toBe(isIP(address) !== 0);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a network', () => {
  test.each([
    ['192.0.2.77/24', '192.0.2.0/24'],
    ['192.0.2.77/255.255.255.0', '192.0.2.0/24'],
    ['192.0.2.77/32', '192.0.2.77'],
    ['192.0.2.77/0', '0.0.0.0/0'],
    ['192.0.2.77/0.0.0.0', '0.0.0.0/0'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:1:2:3:4:5:6/64', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:3:4:5:6/33', '2001:db8::/33'],
    ['1:0:2:0:0:3:0:4', '1:0:2::3:0:4'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::/0', '::/0'],
    ['::ffff:192.0.2.0/120', '192.0.2.0/24'],
  ])('%s is %s', (text, canonical) => {
    const network = parseNetwork(text);
    expect(network && formatNetwork(network)).toBe(canonical);
  });

  test.each([
    ...['192.0.2.0/33', '192.0.2.0/', '192.0.2.0/-1', '192.0.2.0/255.0.255.0', '192.0.2.0/24/24'],
    ...[
      '2001:db8::/129',
      '2001:db8::/255.255.0.0',
      '192.0.2.0/1e1',
      '::ffff:192.0.2.0/24',
      'host/8',
    ],
  ])('%j is none', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  test('one address is written as the system writes it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const network = parseNetwork(address);
        const written = network && formatNetwork(network);
        expect(parseNetwork(written ?? '')).toEqual(network);
        const expected = systemSpelling(address);
        if (!expected.startsWith('::') || !expected.includes('.')) expect(written).toBe(expected);
      }),
    );
  });

  test('widens to the network around it, and never narrows', () => {
    const network = parseNetwork('2001:db8:1:2:3::1');
    const narrow = parseNetwork('192.0.2.0/24');
    expect(network && formatNetwork(widen(network, 64))).toBe('2001:db8:1:2::/64');
    expect(narrow && formatNetwork(widen(narrow, 28))).toBe('192.0.2.0/24');
  });
});

function systemSpelling(address: string): string {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return new SocketAddress({ address, family }).address;
}
