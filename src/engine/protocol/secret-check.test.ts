import { expect, test } from 'vitest';
import { SecretCheck } from './secret-check.ts';

test('the secret is compared byte for byte', () => {
  const check = new SecretCheck('geheim-é-geheim');
  expect(check.matches(Buffer.from('geheim-é-geheim').toString('latin1'))).toBe(true);
  expect(check.matches('geheim-é-geheim')).toBe(false);
  for (const wrong of ['', 'geheim', 'geheim-é-geheim ', 'Geheim-é-geheim'])
    expect(check.matches(wrong)).toBe(false);
  check.change('another');
  expect(check.matches('another')).toBe(true);
});

test('each failure from one address makes the next wait longer, up to five seconds', () => {
  const check = new SecretCheck('s');
  const waits = [1, 2, 3, 4, 5, 6, 7, 8].map(() => check.failed('a', 1000));
  expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  expect(check.failed('b', 1000)).toBe(100);
});

test('a minute of quiet is forgiven', () => {
  const check = new SecretCheck('s');
  check.failed('a', 0);
  expect(check.failed('a', 60_000)).toBe(200);
  expect(check.failed('a', 120_001)).toBe(100);
});

test('addresses without end take no memory without end, nor push out the one that guesses on', () => {
  const check = new SecretCheck('s');
  for (let other = 0; other < 5000; other++) {
    check.failed(`x${other}`, 0);
    if (other % 500 === 0) check.failed('a', 0);
  }
  expect(check.failed('a', 0)).toBe(5000);
  expect(check.failed('x1', 0)).toBe(100); // long forgotten
});
