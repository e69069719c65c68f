import { describe, expect, test } from 'vitest';
import { endOfQuoted, isKind, Kind, skip, trimBlanks } from './characters.ts';

describe('kinds', () => {
  test('a token is what RFC 3261 §25.1 says', () => {
    const tokens = Array.from({ length: 256 }, (_, c) => c).filter((c) => isKind(c, Kind.token));
    expect(String.fromCharCode(...tokens)).toBe(
      "!%'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_`abcdefghijklmnopqrstuvwxyz~",
    );
  });

  test('control characters are of no kind, but for the blanks of a fold', () => {
    const controls = [...Array(32).keys(), 127].filter(
      (c) => !'\t\r\n'.includes(String.fromCharCode(c)),
    );
    for (const c of controls) expect(isKind(c, 0xff)).toBe(false);
  });

  test('what is no byte at all is of no kind', () => {
    for (const c of [Number.NaN, 256, 0x2028]) expect(isKind(c, 0xff)).toBe(false);
  });
});

test('skip stops at the end it was given', () => {
  expect(skip('aaaa', 1, 3, Kind.token)).toBe(3);
  expect(skip('aa,a', 0, 4, Kind.token)).toBe(2);
});

test.each([
  ['"a"b', 3],
  ['"a\\"b"', 6],
  ['"a\\\\"b"', 5],
  ['"a', -1],
  ['"a\\"', -1],
  ['"a\\', -1],
])('the quoted string at the start of %j ends at %i', (text, end) => {
  expect(endOfQuoted(text, 0, text.length)).toBe(end);
});

test('trimming leaves the last byte of a UTF-8 letter alone', () => {
  const latin1 = Buffer.from('voilà', 'utf8').toString('latin1');
  expect(trimBlanks(` \t${latin1}\r\n `)).toBe(latin1);
  expect(trimBlanks(latin1)).toBe(latin1);
  expect(trimBlanks(' \r\n')).toBe('');
});
