import { expect, test } from 'vitest';
import { readInstant } from './instant.ts';

test.each([
  ['2026-11-28T03:00Z', 'Asia/Tokyo', '2026-11-28T03:00:00.000Z'],
  ['2026-11-28T03:00:30+02:00', 'UTC', '2026-11-28T01:00:30.000Z'],
  ['2026-11-28 03:00', 'Europe/Berlin', '2026-11-28T02:00:00.000Z'],
  ['2026-07-28 03:00', 'Europe/Berlin', '2026-07-28T01:00:00.000Z'],
  ['2026-11-28', 'Asia/Tokyo', '2026-11-27T15:00:00.000Z'],
  // the hour after clocks went forward, and before they go back
  ['2026-03-29 03:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
  ['2026-10-25 01:59', 'Europe/Berlin', '2026-10-24T23:59:00.000Z'],
])('%s in %s is %s', (text, zone, utc) => {
  expect(new Date(readInstant(text, zone) ?? Number.NaN).toISOString()).toBe(utc);
});

test.each([
  '',
  'tomorrow',
  '2026-13-01',
  '2026-02-30',
  '2026-11-28T25:00',
  '28.11.2026',
  '2026-11-28T03',
])('%j is no moment', (text) => {
  expect(readInstant(text, 'UTC')).toBeUndefined();
});
