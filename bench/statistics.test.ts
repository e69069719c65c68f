import { describe, expect, test } from 'vitest';
import { median, significant, withRange } from './statistics.ts';

describe('median', () => {
  test('is the middle one, in whatever order they came', () => expect(median([9, 1, 5])).toBe(5));
  test('is the mean of the middle two', () => expect(median([1, 2, 10, 4])).toBe(3));
  test('of nothing is not a number', () => expect(median([])).toBeNaN());
  test('leaves its argument as it was', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('a figure', () => {
  test.each([
    [0, '0'],
    [0.012345, '0.0123'],
    [1.5, '1.50'],
    [42.19, '42.2'],
    [31712.4, '31,712'],
    [-0.25, '-0.250'],
    [Number.NaN, '–'],
  ])('%d is written %s', (value, text) => expect(significant(value)).toBe(text));

  test('comes with the least and the most', () =>
    expect(withRange([42, 40, 45])).toBe('42.0 [40.0..45.0]'));
  test('measured once stands alone', () => expect(withRange([7])).toBe('7.00'));
});
