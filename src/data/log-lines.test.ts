import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LogLines } from './log-lines.ts';
import type { LogLine } from './messages.ts';

let sent: { lines: readonly LogLine[]; lost: number }[];
let log: LogLines;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  log = new LogLines((lines, lost) => sent.push({ lines, lost }), 3);
});
afterEach(() => vi.useRealTimers());

test('lines go out together', () => {
  log.add('info', 'one');
  log.add('warn', 'two', { source: '192.0.2.1' });
  vi.advanceTimersByTime(50);
  expect(sent).toEqual([
    {
      lost: 0,
      lines: [
        { level: 'info', message: 'one', fields: {} },
        { level: 'warn', message: 'two', fields: { source: '192.0.2.1' } },
      ],
    },
  ]);
});

test('lines below the level are not even collected', () => {
  log.add('debug', 'too fine');
  log.setLevel('debug');
  log.add('debug', 'fine');
  vi.advanceTimersByTime(50);
  expect(sent[0]?.lines.map(({ message }) => message)).toEqual(['fine']);
});

test('too many lines are counted instead', () => {
  for (let index = 0; index < 10; index++) log.add('error', String(index));
  vi.advanceTimersByTime(50);
  expect(sent[0]).toMatchObject({
    lost: 7,
    lines: [{ message: '0' }, { message: '1' }, { message: '2' }],
  });
});

test('fields that cannot cross threads become text', () => {
  log.add('error', 'x', { error: new Error('broken'), act: () => 1 });
  log.flush();
  expect(() => structuredClone(sent)).not.toThrow();
  expect(sent[0]?.lines[0]?.fields.error).toContain('Error: broken');
});
