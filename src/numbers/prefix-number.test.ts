import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EMPTY_PREFIX, longerPrefix, prefixNumber } from './prefix-number.ts';

const digits = fc.stringMatching(/^[0-9]{0,15}$/);

describe('a prefix as a number', () => {
  test('is another for any other digits, zeros in front included', () => {
    expect(prefixNumber('06')).not.toBe(prefixNumber('6'));
    expect(prefixNumber('')).toBe(EMPTY_PREFIX);
    fc.assert(
      fc.property(digits, digits, (one, other) => {
        expect(prefixNumber(one) === prefixNumber(other)).toBe(one === other);
      }),
    );
  });

  test.each(['5*', '3c', '+', '4#4', '1١', '44 '])('is that of no digits for %j', (text) => {
    expect(prefixNumber(text)).toBeNaN();
    expect(longerPrefix(prefixNumber(text), '4', 0)).toBeNaN();
  });

  test('grows digit by digit', () => {
    fc.assert(
      fc.property(digits, (text) => {
        let prefix = EMPTY_PREFIX;
        for (let at = 0; at < text.length; at++) {
          prefix = longerPrefix(prefix, text, at);
          expect(prefix).toBe(prefixNumber(text.slice(0, at + 1)));
        }
      }),
    );
  });
});
