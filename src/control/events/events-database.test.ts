import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GateEvent } from '../../data/event.ts';
import { EventsDatabase, readEvents, searchEvents } from './events-database.ts';

let folder: string;
let file: string;
let database: EventsDatabase;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'events-'));
  file = join(folder, 'events.db');
  database = EventsDatabase.open(file).database;
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

const anEvent = (at: number, more: Partial<GateEvent> = {}): GateEvent => ({
  at,
  level: 'info',
  kind: 'call',
  count: 1,
  ...more,
});

describe('what is written', () => {
  test('is found by its number, and by what it says', () => {
    database.write([anEvent(1, { extension: '1001' }), anEvent(2, { extension: '1002' })]);
    expect(searchEvents(file, { extension: '1002' }, 10)).toMatchObject([{ id: 2 }]);
    expect(searchEvents(file, { id: 1 }, 10)).toMatchObject([{ event: { extension: '1001' } }]);
  });
  test('is read in the order of time, from a moment on, of some kinds', () => {
    database.write([anEvent(3), anEvent(1), anEvent(4, { kind: 'fault' }), anEvent(2)]);
    expect([...readEvents(file, ['call'], 2)].map(({ at }) => at)).toEqual([2, 3]);
  });
});

describe('by its Call-ID an event is found', () => {
  const ofCall = (at: number): GateEvent => anEvent(at, { callId: `call-${at % 9000}@192.0.2.1` });
  const found = (callId: string): readonly number[] =>
    searchEvents(file, { callId }, 10).map(({ id }) => id);

  test('wherever in a long log it is, also when what was before it is gone', () => {
    database.write(Array.from({ length: 10_000 }, (_, index) => ofCall(index + 1)));
    expect(found('call-1@192.0.2.1')).toEqual([1, 9001]);
    expect(found('call-4095@192.0.2.1')).toEqual([4095]);
    expect(found('call-4096@192.0.2.1')).toEqual([4096]);
    expect(found('call-8999@192.0.2.1')).toEqual([8999]);
    expect(found('call-9001@192.0.2.1')).toEqual([]);
    while (database.prune(5000, 1_000_000, 1000));
    expect(found('call-1@192.0.2.1')).toEqual([9001]);
    expect(searchEvents(file, { callId: 'call-1@192.0.2.1', kind: 'fault' }, 10)).toEqual([]);
  });

  test('not another with the same hash', () => {
    const [one, other] = ['costarring', 'liquid']; // both are 1582148253 by FNV-1a
    database.write([anEvent(1, { callId: one }), anEvent(2, { callId: other })]);
    expect(found('costarring')).toEqual([1]);
    expect(found('liquid')).toEqual([2]);
  });

  test('also one that an earlier version wrote, before this one has opened the log and after it', () => {
    database.close();
    file = join(folder, 'earlier.db');
    const earlier = new DatabaseSync(file);
    earlier.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA user_version = 1;
      CREATE TABLE events (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, level TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT, rule TEXT,
        extension TEXT, source TEXT, number TEXT, call_id TEXT, event TEXT NOT NULL
      ) STRICT;
      CREATE INDEX events_call ON events (call_id, id) WHERE call_id IS NOT NULL;
    `);
    const write = () =>
      earlier.exec(
        "INSERT INTO events (at, level, kind, call_id, event) VALUES (1, 'info', 'call', 'early', '{}')",
      );
    write();
    expect(found('early')).toEqual([1]);
    database = EventsDatabase.open(file).database;
    database.write([anEvent(2, { callId: 'early' })]);
    write(); // it still runs, as the one before us, or once more after us
    earlier.close();
    expect(found('early')).toEqual([1, 2, 3]);
  });
});

test('where the disk has no room for what SQLite writes to read, it is found all the same', () => {
  database.write([anEvent(1, { extension: '1001' })]);
  database.close();
  mkdirSync(`${file}-shm`);
  expect(searchEvents(file, { extension: '1001' }, 10)).toHaveLength(1);
  expect([...readEvents(file, ['call'])]).toHaveLength(1);
  database = EventsDatabase.open(join(folder, 'other.db')).database;
});

test('events of a newer program are moved aside, and it is said that they are not damaged', () => {
  database.close();
  const newer = new DatabaseSync(file);
  newer.exec('PRAGMA user_version = 99');
  newer.close();
  const opened = EventsDatabase.open(file);
  database = opened.database;
  expect(opened.aside).toMatchObject({
    is: 'of a newer version',
    why: expect.stringContaining('99'),
  });
});

describe('of a rule in shadow', () => {
  const shadow = (at: number, count: number, rule = 'no-guests') =>
    anEvent(at, { kind: 'shadow', rule, count });

  test('it is counted how often it would have refused, since it came to be', () => {
    database.shadow(['no-guests', 'scanners'], 100);
    database.write([shadow(200, 3), shadow(300, 1), shadow(300, 1, 'call-times'), anEvent(400)]);
    expect(database.shadowTotals()).toEqual([
      { rule: 'no-guests', since: 100, refusals: 4, lastAt: 300 },
      { rule: 'scanners', since: 100, refusals: 0, lastAt: undefined },
    ]);
  });
  test('a reload and a restart begin nothing anew; leaving the shadow does', () => {
    database.shadow(['no-guests', 'scanners'], 100);
    database.write([shadow(200, 3)]);
    database.close();
    database = EventsDatabase.open(file).database;
    database.shadow(['no-guests'], 500);
    expect(database.shadowTotals()).toMatchObject([{ rule: 'no-guests', since: 100, refusals: 3 }]);
    database.shadow([], 600);
    database.shadow(['no-guests'], 700);
    expect(database.shadowTotals()).toMatchObject([{ rule: 'no-guests', since: 700, refusals: 0 }]);
  });
});
