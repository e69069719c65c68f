import { expect, test } from 'vitest';
import { isHere } from './own-addresses.ts';

test.each(['localhost', '::1', '[::1]', '127.0.0.1', '127.255.0.9'])('%s is here', (host) => {
  expect(isHere(host)).toBe(true);
});

test.each([
  '127.example.org',
  '127.0.0.1.example.org',
  'localhost.example.org',
  '[::1].example.org',
  '::11',
  '[::1',
  '128.0.0.1',
  '10.127.0.1',
  '12.7.0.0',
  '127.',
  '',
])('%j is not', (host) => {
  expect(isHere(host)).toBe(false);
});
