import { describe, expect, test } from 'vitest';
import { someSite } from '../../test/support/some-facts.ts';
import { hashPin, PinCheck } from './pin-check.ts';

const key = new Uint8Array(32).fill(7);
const salted = (pin: string, salt: string) => hashPin(pin, salt.padEnd(22, 's'), key);
const site = someSite(
  {},
  {},
  {
    pins: {
      anna: { hash: salted('4711', 'a') },
      bert: { hash: salted('4711', 'b'), extensions: ['1002'] },
      carl: { hash: salted('0815', 'c'), routes: ['other'] },
    },
    outboundRoutes: [
      { name: 'any', patterns: ['00.'], pin: 'any', trunks: ['t'] },
      { name: 'bert', patterns: ['01.'], pin: ['bert'], trunks: ['t'] },
    ],
  },
);
const check = new PinCheck(site.pins, key);
const opens = (pin: string, name: string, extension = '1001') => {
  const route = site.routes.named(name);
  return route && check.entryOf(pin, route, extension);
};

describe('a PIN (O3)', () => {
  test('is known by the entry that it is of', () => {
    expect(opens('4711', 'any')).toBe('anna');
  });
  test.each(['4712', '', '47110', ' 4711'])('%j is nobody’s', (pin) => {
    expect(opens(pin, 'any')).toBeUndefined();
  });
  test('opens only the routes and serves only the extensions that its entry names', () => {
    expect(opens('0815', 'any')).toBeUndefined();
    expect(opens('4711', 'bert')).toBeUndefined();
    expect(opens('4711', 'bert', '1002')).toBe('bert');
  });
  test('cannot be told from its hash without the key, nor that two are the same', () => {
    const other = new PinCheck(site.pins, new Uint8Array(32).fill(8));
    const route = site.routes.named('any');
    expect(route && other.entryOf('4711', route, '1001')).toBeUndefined();
    expect(salted('4711', 'a').split(':')[2]).not.toBe(salted('4711', 'b').split(':')[2]);
  });
});
