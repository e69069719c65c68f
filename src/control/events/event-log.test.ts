import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { written } from '../../data/written-event.ts';
import { policySchema } from '../../policy/policy-settings.ts';
import { EventLog } from './event-log.ts';

let folder: string;
let file: string;
let log: EventLog | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'event-log-'));
  file = join(folder, 'events.jsonl');
});
afterEach(() => {
  log?.close();
  rmSync(folder, { recursive: true });
});

const settings = {
  events: { keepDays: 1, mostRows: 100, fileMegabytes: 1, admitted: false },
  policy: policySchema.parse({ registration: { 'distributed-guessing': { mode: 'shadow' } } }),
};

const opened = (): EventLog =>
  new EventLog({ database: join(folder, 'events.db'), file }, settings, pino({ level: 'silent' }));

/** What is waiting is written when somebody asks for the totals. */
function write(log: EventLog, callId: string): readonly string[] {
  log.add([written({ at: Date.now(), level: 'info', kind: 'call', count: 1, callId })]);
  return log.shadows.map(({ rule }) => rule);
}

describe('a file that cannot be looked at', () => {
  const inTheWay = () => symlinkSync(file, file);
  const whenItIsGone = (log: EventLog): void => {
    expect(write(log, 'lost')).not.toContain('distributed-guessing');
    expect(log.lost).toBe(1);
    rmSync(file);
    expect(write(log, 'kept')).toContain('distributed-guessing');
    expect(log.lost).toBe(1);
    expect(readFileSync(file, 'utf8')).toMatch(/^.*"kept".*\n$/);
  };

  test('when the log is opened is written once it can be, and what is in shadow is counted', () => {
    inTheWay();
    log = opened();
    whenItIsGone(log);
  });
  test('when settings change is written once it can be', () => {
    log = opened();
    inTheWay();
    log.follow(settings);
    whenItIsGone(log);
  });
});
