import { expect, test } from 'vitest';
import { nearMiss } from './near-miss.ts';

const keys = ['everySeconds', 'timeoutSeconds', 'downAfter', 'upAfter'];

test.each([
  ['everySecond', 'everySeconds'],
  ['EVERYSECONDS', 'everySeconds'],
  ['downAftre', 'downAfter'],
  ['upafter', 'upAfter'],
  ['timeout', 'timeoutSeconds'],
  ['downAfterFailures', 'downAfter'],
])('%s was meant to be %s', (word, meant) => {
  expect(nearMiss(word, keys)).toBe(meant);
});

test('a word that resembles nothing gets no suggestion', () => {
  expect(nearMiss('colour', keys)).toBeUndefined();
});
