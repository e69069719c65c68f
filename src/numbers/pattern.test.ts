import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dialable } from './dialable.ts';
import { compilePatterns, parsePattern } from './pattern.ts';

const anyCharacter = fc.nat(0xffff).map((code) => String.fromCharCode(code));

const matches = (pattern: string, digits: string) => compilePatterns([pattern]).match(digits) === 0;

describe('a telephony pattern', () => {
  test.each([
    ['XXX', '100', true],
    ['XXX', '1000', false],
    ['XXX', '10', false],
    ['XXX', '10*', false],
    ['Z', '0', false],
    ['Z', '1', true],
    ['N', '1', false],
    ['N', '2', true],
    ['9.', '9', false],
    ['9.', '91', true],
    ['9.', '9*#+a', true],
    ['9!', '9', true],
    ['9!', '91234567890', true],
    ['.', '', false],
    ['.', '1', true],
    ['!', '', true],
    ['*67!', '*6700', true],
    ['+44X.', '+4420', true],
    ['00[1-357]X', '0042', false],
    ['00[1-357]X', '0032', true],
    ['[1-5,7]', '7', true],
    ['[1-5,7]', '6', false],
    ['[*#]9', '#9', true],
    ['_NXXNXXXXXX', '2021550123', false],
    ['_NXXNXXXXXX', '2025550123', true],
    ['nxx', '211', true],
    ['1-NXX NXX', '1211211', true],
    ['a1', 'A1', true],
  ])('%s takes %j: %j', (pattern, digits, taken) => {
    expect(matches(pattern, digits)).toBe(taken);
  });

  test.each([
    [
      '',
      'found nothing, expected digits, * # +, X, Z, N, a set like [1-5,7], or . or ! at the end',
    ],
    ['_', 'found nothing'],
    ['12Q', "found 'Q' at position 3, expected digits"],
    ['0.5', "found '5' after the end at position 3, expected nothing after . or !"],
    ['0!.', "found '.' after the end at position 3"],
    ['1[2', "found '[' at position 2, expected a ']' that closes it"],
    ['[]', 'found an empty set at position 1'],
    [
      '[5-1]',
      "found the range '5-1' at position 1, expected digits, * # +, or a range like 1-5 in [ ]",
    ],
    ['[1-]', "found the range '1-'"],
    ['[1x]', "found 'x' in a set"],
    ['é', "found 'é' at position 1"],
    ['1\n', 'found a character that cannot be shown at position 2'],
    ['X'.repeat(33), 'found 33 positions, expected at most 32'],
  ])('%j is refused: %s', (pattern, problem) => {
    expect(parsePattern(pattern)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });

  test('that was never read cannot be compiled', () => {
    expect(() => compilePatterns(['XXX', 'what?'])).toThrow('pattern "what?": found');
  });
});

describe('a set of patterns', () => {
  test('answers with the first in order, not the closest', () => {
    const set = compilePatterns(['0900.', '0.', '09001']);
    expect(set.match('09001')).toBe(0);
    expect(set.match('0301')).toBe(1);
    expect(set.match('1')).toBeUndefined();
  });

  test('of none matches nothing', () => {
    expect(compilePatterns([]).match('1')).toBeUndefined();
    expect(compilePatterns([]).match('')).toBeUndefined();
  });

  test('larger than a machine word still answers with the first', () => {
    const set = compilePatterns([...Array(100).keys()].map((n) => `${1000 + n}`).concat('1XXX'));
    for (let n = 0; n < 100; n++) expect(set.match(`${1000 + n}`)).toBe(n);
    expect(set.match('1100')).toBe(100);
  });

  test('agrees with regular expressions tried one after the other', () => {
    const element = fc.oneof(
      fc.constantFrom(
        'X',
        'Z',
        'N',
        'x',
        '*',
        '#',
        '+',
        '0',
        '1',
        '9',
        'a',
        '[1-5,7]',
        '[*9]',
        '[02468]',
      ),
    );
    const pattern = fc
      .tuple(fc.array(element, { minLength: 1, maxLength: 6 }), fc.constantFrom('', '.', '!'))
      .map(([elements, tail]) => elements.join('') + tail);
    const digits = fc.string({ unit: fc.constantFrom(...dialable, '0', '1', '2'), maxLength: 9 });
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 70 }), fc.array(digits), (patterns, numbers) => {
        const set = compilePatterns(patterns);
        const naive = patterns.map(toRegExp);
        for (const number of numbers) {
          const first = naive.findIndex((expression) => expression.test(number));
          expect(set.match(number)).toBe(first < 0 ? undefined : first);
        }
      }),
    );
  });

  test('never throws, whatever the text and the digits', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: anyCharacter }),
        fc.string({ unit: anyCharacter }),
        (text, digits) => {
          if (parsePattern(text).ok) compilePatterns([text]).match(digits);
          compilePatterns(['X.', '!']).match(digits);
        },
      ),
    );
  });
});

function toRegExp(pattern: string): RegExp {
  const any = '[0-9*#+a-d]';
  const text = pattern.replace(/\[[^\]]*\]|./g, (part) => {
    if (part.startsWith('[')) return part.replaceAll(',', '');
    if (part === '.') return `${any}+`;
    if (part === '!') return `${any}*`;
    if (part === '*' || part === '+') return `\\${part}`;
    return { X: '[0-9]', Z: '[1-9]', N: '[2-9]' }[part.toUpperCase()] ?? part;
  });
  return new RegExp(`^${text}$`);
}
