import { expect, test } from 'vitest';
import { endOfElement, splitList } from './list.ts';

test.each([
  ['a', ['a']],
  ['a, b ,\tc', ['a', 'b', 'c']],
  ['"Bell, A." <sip:a@b>, <sip:c@d>', ['"Bell, A." <sip:a@b>', '<sip:c@d>']],
  ['<sip:a,b@c;x=1,2>;p=1,<sip:d@e>', ['<sip:a,b@c;x=1,2>;p=1', '<sip:d@e>']],
  ['"a\\", b" <sip:c@d>,e', ['"a\\", b" <sip:c@d>', 'e']],
  ['a,,b', ['a', '', 'b']],
  ['a,', ['a', '']],
])('splits %j at the commas that separate', (value, elements) => {
  expect(splitList(value)).toEqual(elements);
});

test('a quote or bracket that never ends swallows the rest instead of inventing elements', () => {
  expect(splitList('"a, b, c')).toEqual(['"a, b, c']);
  expect(splitList('<a, b, c')).toEqual(['<a, b, c']);
});

test('an element ends within the range it was given', () => {
  expect(endOfElement('a,b,c', 2, 5)).toBe(3);
  expect(endOfElement('a,b,c', 2, 3)).toBe(3);
  expect(endOfElement('a,b,c', 4, 5)).toBe(5);
});
