import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GateEvent } from '../../data/event.ts';
import { type WrittenEvent, written } from '../../data/written-event.ts';
import { type EventFilter, EventsDatabase, readEvents, searchEvents } from './events-database.ts';

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

const anEvent = (at: number, more: Partial<GateEvent> = {}): WrittenEvent =>
  written({
    at,
    level: 'info',
    kind: 'call',
    count: 1,
    ...more,
  });

describe('what is written (E1)', () => {
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

type Text = 'callId' | 'extension' | 'source';

describe.each<Text>(['callId', 'extension', 'source'])('by its %s an event is found', (name) => {
  const found = (text: string, more: EventFilter = {}, most = 10): readonly number[] =>
    searchEvents(file, { [name]: text, ...more }, most).map(({ id }) => id);
  const of = (at: number, text: string, more: Partial<GateEvent> = {}): WrittenEvent =>
    anEvent(at, { [name]: text, ...more });
  const long = (): void =>
    database.write(
      Array.from({ length: 10_000 }, (_, index) => of(index + 1, `text ${(index + 1) % 9000}`)),
    );

  test('wherever in a long log it is, also when what was before it is gone', () => {
    long();
    expect(found('text 1')).toEqual([1, 9001]);
    expect(found('text 4095')).toEqual([4095]);
    expect(found('text 4096')).toEqual([4096]);
    expect(found('text 8999')).toEqual([8999]);
    expect(found('text 9001')).toEqual([]);
    while (database.prune(5000, 1_000_000, 1000));
    expect(found('text 1')).toEqual([9001]);
    database.write([of(10_001, 'text 1')]);
    expect(found('text 1')).toEqual([9001, 10_001]);
  });

  test('with what else is asked for', () => {
    long();
    expect(found('text 1', { kind: 'fault' })).toEqual([]);
    expect(found('text 1', { since: 9001 })).toEqual([9001]);
    expect(found('text 1', { until: 9001 })).toEqual([1]);
    expect(found('text 1', { id: 9001 })).toEqual([9001]);
    expect(found('text 1', { id: 2 })).toEqual([]);
    database.write([of(10_001, 'text 1', { reason: 'password-wrong', level: 'warn' })]);
    expect(found('text 1', { reason: 'password-wrong', level: 'warn' })).toEqual([10_001]);
  });

  test('the newest first where there are more than are wanted', () => {
    database.write(Array.from({ length: 9000 }, (_, index) => of(index, 'often')));
    expect(found('often', {}, 3)).toEqual([8998, 8999, 9000]);
    const most = found('often', {}, 5000);
    expect([most.length, most[0], most.at(-1)]).toEqual([5000, 4001, 9000]);
  });

  test('in an empty log not', () => expect(found('text 1')).toEqual([]));

  test('not another with the same hash', () => {
    const [one, other] = ['costarring', 'liquid']; // both are 1582148253 by FNV-1a
    database.write([of(1, one), of(2, other)]);
    expect(found(one)).toEqual([1]);
    expect(found(other)).toEqual([2]);
  });

  test.each([`1001' OR 1=1 --`, '%', '', 'Zoë\u{1f3e0}', `${'9'.repeat(200)}…`])(
    'whatever a stranger made of it: %j',
    (text) => {
      database.write([of(1, '1001'), of(2, text), of(3, `${text} `), anEvent(4)]);
      expect(found(text)).toEqual([2]);
    },
  );

  describe.each([
    ['before there were keys', earliest],
    ['when only calls had keys', earlier],
  ])('also one that was written %s', (_when, program) => {
    test('before this version has opened the log and after it, and what an old gate writes beside it', () => {
      database.close();
      file = join(folder, 'earlier.db');
      const old = program(file);
      old.write(name, 'early', 1);
      expect(found('early')).toEqual([1]);
      database = EventsDatabase.open(file).database;
      expect(found('early')).toEqual([1]);
      database.write([of(2, 'early')]);
      old.write(name, 'early', 3); // it still runs, as the one before us
      old.write(name, 'other', 4);
      database.write([of(5, 'early')]);
      expect(found('early')).toEqual([1, 2, 3, 5]);
      expect(found('early', {}, 2)).toEqual([3, 5]);
      expect(found('early', { since: 2, until: 5 })).toEqual([2, 3]);
      old[Symbol.dispose]();
    });

    test('after us, as one goes back to it, and once more by us', () => {
      database.write([of(1, 'early')]);
      database.close();
      const old = program(file);
      old.write(name, 'early', 2);
      expect(indexes()).toContain('events_extension');
      expect(found('early')).toEqual([1, 2]); // by our command beside the old gate
      old[Symbol.dispose]();
      database = EventsDatabase.open(file).database;
      expect(indexes()).not.toContain('events_extension');
      database.write([of(3, 'early')]);
      expect(found('early')).toEqual([1, 2, 3]);
    });
  });
});

/** Programs as they were: what they do with a log, theirs or ours. */
interface OldProgram extends Disposable {
  write(name: Text, text: string, at: number): void;
}

function earliest(path: string): OldProgram {
  const old = withTables(path, '');
  old.exec(
    'CREATE INDEX IF NOT EXISTS events_call ON events (call_id, id) WHERE call_id IS NOT NULL',
  );
  return {
    write: (name, text, at) =>
      old
        .prepare(
          `INSERT INTO events (at, level, kind, ${columnOf(name)}, event) VALUES (?, 'info', 'call', ?, '{}')`,
        )
        .run(at, text),
    [Symbol.dispose]: () => old.close(),
  };
}

function earlier(path: string): OldProgram {
  const old = withTables(path, ', call_key INTEGER');
  old.exec(`
    DROP INDEX IF EXISTS events_call;
    CREATE INDEX IF NOT EXISTS events_call_key ON events (call_key) WHERE call_key IS NOT NULL;
    CREATE INDEX IF NOT EXISTS events_without_key ON events (call_id) WHERE call_key IS NULL AND call_id IS NOT NULL;
  `);
  const hashes = new Map([['early', 892_360_348]]);
  return {
    write: (name, text, at) =>
      old
        .prepare(
          `INSERT INTO events (at, level, kind, ${columnOf(name)}, event, call_key) VALUES
           (?, 'info', 'call', ?, '{}', (((SELECT coalesce(max(id), 0) + 1 FROM events) >> 12) << 32) | ?)`,
        )
        .run(at, text, name === 'callId' ? (hashes.get(text) ?? 1) : null),
    [Symbol.dispose]: () => old.close(),
  };
}

function withTables(path: string, more: string): DatabaseSync {
  const old = new DatabaseSync(path);
  old.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA user_version = 1;
    CREATE TABLE IF NOT EXISTS events (
      id INTEGER PRIMARY KEY, at INTEGER NOT NULL, level TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT, rule TEXT,
      extension TEXT, source TEXT, number TEXT, call_id TEXT, event TEXT NOT NULL${more}
    ) STRICT;
    CREATE INDEX IF NOT EXISTS events_extension ON events (extension, id) WHERE extension IS NOT NULL;
    CREATE INDEX IF NOT EXISTS events_source ON events (source, id) WHERE source IS NOT NULL;
  `);
  return old;
}

const columnOf = (name: Text): string => (name === 'callId' ? 'call_id' : name);

function indexes(): readonly unknown[] {
  using read = new DatabaseSync(file, { readOnly: true });
  return read
    .prepare("SELECT name FROM pragma_index_list('events')")
    .all()
    .map(({ name }) => name);
}

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
