import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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

describe('one text again and again', () => {
  const lines = () => sent.flatMap((one) => one.lines);

  test('is written so often, then counted, and the count is said', () => {
    log = new LogLines((some, lost) => sent.push({ lines: some, lost }), 1000);
    for (let index = 0; index < 500; index++) log.add('warn', 'no name server', { index });
    log.add('warn', 'something else');
    vi.advanceTimersByTime(100);
    expect(lines()).toHaveLength(21);
    vi.advanceTimersByTime(10_000);
    expect(lines().at(-1)).toEqual({
      level: 'warn',
      message: 'no name server',
      fields: { more: 480, seconds: 10 },
    });
  });

  test('is written anew when time has passed', () => {
    log.add('warn', 'x');
    vi.advanceTimersByTime(20_000);
    log.add('warn', 'x');
    vi.advanceTimersByTime(20_000);
    expect(lines()).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is written whole at debug: somebody asked for it', () => {
    log = new LogLines((some, lost) => sent.push({ lines: some, lost }), 1000);
    log.setLevel('debug');
    for (let index = 0; index < 500; index++) log.add('debug', 'a call ended');
    vi.advanceTimersByTime(100);
    expect(lines()).toHaveLength(500);
  });
});

test('a warning holds an error in one line, an error with its stack', () => {
  const error = new Error('no answer');
  log.add('warn', 'x', { error });
  log.add('error', 'y', { error });
  log.flush();
  expect(sent[0]?.lines[0]?.fields.error).toBe('no answer');
  expect(sent[0]?.lines[1]?.fields.error).toContain('log-lines.test.ts');
});

test('fields that cannot cross threads become text', () => {
  log.add('error', 'x', { error: new Error('broken'), act: () => 1 });
  log.flush();
  expect(() => structuredClone(sent)).not.toThrow();
  expect(sent[0]?.lines[0]?.fields.error).toContain('Error: broken');
});
