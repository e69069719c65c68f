import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { GateEvent } from '../../data/event.ts';
import { Faults } from './faults.ts';

const DEADLINE_SECONDS = 20;

let faults: Faults;
let ended: number;
let lines: string[];
let recorded: (string | undefined)[];
let calls: number;
let ringing: number;

const gate = {
  underWay: () => ({ calls, ringing }),
  deadlineSeconds: () => DEADLINE_SECONDS,
  record: ({ text }: GateEvent) => void recorded.push(text),
};

beforeEach(() => {
  vi.useFakeTimers();
  ended = 0;
  lines = [];
  recorded = [];
  calls = 1;
  ringing = 0;
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  faults = new Faults(log, () => ended++);
});
afterEach(() => vi.useRealTimers());

const seconds = (count: number) => vi.advanceTimersByTime(count * 1000);

test('one ends nothing while there are calls, answered or not', () => {
  faults.take(new Error('sabotage'), gate);
  seconds(5);
  [calls, ringing] = [0, 1];
  seconds(5);
  expect(ended).toBe(0);
  [calls, ringing] = [0, 0];
  seconds(1);
  expect(ended).toBe(1);
});

test('one ends the process at the deadline whatever is left', () => {
  faults.take(new Error('sabotage'), gate);
  seconds(DEADLINE_SECONDS);
  expect(ended).toBe(1);
});

test('is told with its stack, and on record', () => {
  faults.take(new Error('sabotage'), gate);
  expect(lines.join()).toMatch(
    /Error: sabotage.*faults\.test\.ts.*"calls":1.*an error nobody caught/,
  );
  expect(recorded).toEqual(['the control plane failed: sabotage']);
});

test('one that comes again and again is counted, and does not fill the log', () => {
  for (let again = 0; again < 1000; again++) faults.take(new Error('sabotage'), gate);
  expect(faults.count).toBe(1000);
  expect([lines.length, recorded.length]).toEqual([10, 10]);
});
