import { expect, test } from 'vitest';
import { readNumber } from './number.ts';

test.each([
  ['0', 0],
  ['70', 70],
  ['0068', 68],
  ['00000000000000000000070', 70],
  ['70 \t', 70],
  ['150\r\n ', 150],
  ['2147483647', 2147483647],
])('reads %j', (text, number) => {
  expect(readNumber(text, 0, text.length)).toBe(number);
});

test.each([
  '',
  ' ',
  '-1',
  '+1',
  '1.0',
  '0x10',
  '1e3',
  '7 0',
  '70,70',
  '70\x01',
  '2147483648',
  '4294967296',
  '99999999999999999999',
  '³',
])('refuses %j', (text) => {
  expect(readNumber(text, 0, text.length)).toBe(-1);
});

test('reads only within its range', () => {
  expect(readNumber('a12b', 1, 3)).toBe(12);
});
