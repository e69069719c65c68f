import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Health } from './health.ts';
import { watchLiveness } from './watch-liveness.ts';

const good: Health = { good: true, reasons: [] };
const bad: Health = { good: false, reasons: ['the data plane has gone silent'] };
let health: Health;
let said: string[];

beforeEach(() => {
  vi.useFakeTimers();
  health = good;
  said = [];
  watchLiveness(() => health, {
    ill: (reasons) => said.push(...reasons),
    well: () => said.push('well'),
    hopeless: () => said.push('hopeless'),
  });
});
afterEach(() => vi.useRealTimers());

test('a process that stops working is said once, and so is that it works again', () => {
  vi.advanceTimersByTime(3000);
  expect(said).toEqual([]);
  health = bad;
  vi.advanceTimersByTime(9000);
  expect(said).toEqual(['the data plane has gone silent']);
  health = good;
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual(['the data plane has gone silent', 'well']);
});

test('one bad look, as after a sleep of the machine, is nothing', () => {
  health = bad;
  vi.advanceTimersByTime(1000);
  health = good;
  vi.advanceTimersByTime(1000);
  expect(said).toEqual([]);
});

test('one that stays silent is given up, once', () => {
  health = bad;
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual(['the data plane has gone silent', 'hopeless']);
});
