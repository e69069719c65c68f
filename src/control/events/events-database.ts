import { DatabaseSync } from 'node:sqlite';
import { reasonOf } from '../../config/reason-of.ts';
import type { GateEvent } from '../../data/event.ts';
import type { WrittenEvent } from '../../data/written-event.ts';
import type { EventKind } from '../../edge/event-kinds.ts';
import { type Aside, moveAside, openAsItLies } from '../store/open.ts';
import { inTransaction, versionOf } from '../store/sqlite.ts';
import {
  type Condition,
  type EventRow,
  endsOf,
  IndexInStretches,
  keyOf,
} from './index-in-stretches.ts';

/** What can be asked for: a column of its own, so that a year of events is searched at once. */
export interface EventFilter {
  readonly id?: number | undefined;
  readonly kind?: string | undefined;
  readonly reason?: string | undefined;
  readonly rule?: string | undefined;
  readonly extension?: string | undefined;
  readonly source?: string | undefined;
  readonly number?: string | undefined;
  readonly callId?: string | undefined;
  readonly level?: string | undefined;
  /** Milliseconds since 1970. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** How often a rule would have refused since it was put in shadow. */
export interface ShadowTotal {
  readonly rule: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly refusals: number;
  /** When last; undefined when never. */
  readonly lastAt: number | undefined;
}

/** An event with its number in the log. */
export interface StoredEvent {
  readonly id: number;
  readonly event: GateEvent;
}

/** By whatever of these is asked for, the first that is, events are looked for. */
const inStretches = {
  callId: new IndexInStretches({
    ...{ column: 'call_id', key: 'call_key' },
    ...{ before: 'events_call', withoutKey: 'events_without_key' },
  }),
  extension: new IndexInStretches({
    ...{ column: 'extension', key: 'extension_key' },
    ...{ before: 'events_extension', withoutKey: 'events_extension_without_key' },
  }),
  source: new IndexInStretches({
    ...{ column: 'source', key: 'source_key' },
    ...{ before: 'events_source', withoutKey: 'events_source_without_key' },
  }),
} as const satisfies Partial<Record<keyof EventFilter, IndexInStretches>>;

const version = 1;
const tables = `
  CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    level TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT,
    rule TEXT,
    extension TEXT,
    source TEXT,
    number TEXT,
    call_id TEXT,
    event TEXT NOT NULL,
    call_key INTEGER,
    extension_key INTEGER,
    source_key INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS events_at ON events (at);
  CREATE INDEX IF NOT EXISTS events_reason ON events (reason, id) WHERE reason IS NOT NULL;
  CREATE TABLE IF NOT EXISTS shadows (
    rule TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    refusals INTEGER NOT NULL,
    last_at INTEGER
  ) STRICT, WITHOUT ROWID;
`;

/** The events on disk, in a database of their own: however many come, registrations do not wait for them. */
export class EventsDatabase {
  readonly #database: DatabaseSync;
  readonly #insert: ReturnType<DatabaseSync['prepare']>;
  readonly #addToShadow: ReturnType<DatabaseSync['prepare']>;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare(
      `INSERT INTO events (id, at, level, kind, reason, rule, extension, source, number, call_id, event,
                           call_key, extension_key, source_key)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#addToShadow = database.prepare(
      'UPDATE shadows SET refusals = refusals + ?, last_at = ? WHERE rule = ?',
    );
  }

  /** One that is damaged or of a newer program is moved aside; what cannot be opened for another reason is thrown. */
  static open(file: string, now = Date.now()): { database: EventsDatabase; aside?: Aside } {
    try {
      return { database: openSound(file) };
    } catch (error) {
      const aside = moveAside(file, error, now);
      return { database: openSound(file), aside };
    }

    function openSound(path: string): EventsDatabase {
      const database = new DatabaseSync(path, { timeout: 2000 });
      try {
        // of a new one: fewer pages are split and begun, an eighth of what it costs to write an event down
        database.exec('PRAGMA page_size = 8192');
        database.exec('PRAGMA journal_mode = WAL');
        database.exec('PRAGMA synchronous = NORMAL');
        database.exec('PRAGMA wal_autocheckpoint = 4000');
        versionOf(database, version); // throws TooNew, for moveAside
        database.exec(tables);
        for (const index of Object.values(inStretches)) index.create(database);
        database.exec(`PRAGMA user_version = ${version}`);
        return new EventsDatabase(database);
      } catch (error) {
        database.close();
        throw error;
      }
    }
  }

  write(events: readonly WrittenEvent[]): void {
    // nobody else may write between the number that was last and ours
    inTransaction(this.#database, 'BEGIN IMMEDIATE', () => {
      let id = endsOf(this.#database).newest;
      for (const event of events) {
        id++;
        if (event.kind === 'shadow' && event.rule !== undefined)
          this.#addToShadow.run(event.count, event.at, event.rule);
        this.#insert.run(
          id,
          event.at,
          event.level,
          event.kind,
          event.reason ?? null,
          event.rule ?? null,
          event.extension ?? null,
          event.source ?? null,
          event.number ?? null,
          event.callId ?? null,
          event.json,
          keyOf(id, event.callId),
          keyOf(id, event.extension),
          keyOf(id, event.source),
        );
      }
    });
  }

  /** From now on these rules are in shadow, and no others: what is counted of them begins when they come to be. */
  shadow(rules: readonly string[], now: number): void {
    const begin = this.#database.prepare(
      'INSERT OR IGNORE INTO shadows (rule, since, refusals) VALUES (?, ?, 0)',
    );
    for (const rule of rules) begin.run(rule, now);
    this.#database
      .prepare('DELETE FROM shadows WHERE rule NOT IN (SELECT value FROM json_each(?))')
      .run(JSON.stringify(rules));
  }

  /** Those that would have refused most first. */
  shadowTotals(): readonly ShadowTotal[] {
    return this.#database
      .prepare('SELECT * FROM shadows ORDER BY refusals DESC, rule')
      .all()
      .map(({ rule, since, refusals, last_at: lastAt }) => ({
        rule: String(rule),
        since: Number(since),
        refusals: Number(refusals),
        lastAt: lastAt === null ? undefined : Number(lastAt),
      }));
  }

  /** Forgets what is too old or too much: a slice each time, so that nobody waits for it. True when more is left to do. */
  prune(before: number, mostRows: number, slice = 5000): boolean {
    const { newest, oldest } = endsOf(this.#database);
    const keepFrom = newest - mostRows + 1;
    const { changes } = this.#database
      .prepare(
        'DELETE FROM events WHERE id < ? AND (id < ? OR id IN (SELECT id FROM events WHERE at < ? ORDER BY at LIMIT ?))',
      )
      .run(oldest + slice, keepFrom, before, slice);
    return Number(changes) >= slice;
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

/** Beside a running gate and without one, and where the disk is so full that nothing but reading is possible. */
export function openToRead(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 2000 });
  try {
    database.prepare('SELECT id FROM events LIMIT 1').get();
    return database;
  } catch (error) {
    database.close();
    if (!/disk I\/O|readonly|unable to open|full/i.test(reasonOf(error))) throw error;
    return openAsItLies(file);
  }
}

/** The newest events that fit, oldest of them first. */
export function searchEvents(
  file: string,
  filter: EventFilter,
  most: number,
): readonly StoredEvent[] {
  using database = openToRead(file);
  return newestRows(database, filter, most)
    .map(({ id, event }) => ({ id, event: JSON.parse(event) as GateEvent }))
    .toReversed();
}

function newestRows(
  database: DatabaseSync,
  filter: EventFilter,
  most: number,
): readonly EventRow[] {
  const condition = conditionOf(filter);
  if (filter.id === undefined)
    for (const [key, index] of Object.entries(inStretches)) {
      const text = filter[key as keyof typeof inStretches];
      if (text !== undefined && index.isIn(database))
        return index.newest(database, text, condition, most);
    }
  const { tests, values } = condition;
  const where = tests.length === 0 ? '' : `WHERE ${tests.join(' AND ')}`;
  return database
    .prepare(`SELECT id, event FROM events ${where} ORDER BY id DESC LIMIT ?`)
    .all(...values, most)
    .map(({ id, event }) => ({ id: Number(id), event: String(event) }));
}

/** Events of these kinds in the order in which they were, one after the other: there may be a million. */
export function* readEvents(
  file: string,
  kinds: readonly EventKind[],
  since = 0,
): Generator<GateEvent> {
  using database = openToRead(file);
  const rows = database
    .prepare(
      `SELECT event FROM events WHERE at >= ? AND kind IN (${kinds.map(() => '?').join(', ')}) ORDER BY at, id`,
    )
    .iterate(since, ...kinds);
  for (const { event } of rows) yield JSON.parse(String(event)) as GateEvent;
}

const columns: readonly (readonly [keyof EventFilter, string])[] = [
  ['id', 'id = ?'],
  ['kind', 'kind = ?'],
  ['reason', 'reason = ?'],
  ['rule', 'rule = ?'],
  ['extension', 'extension = ?'],
  ['source', 'source = ?'],
  ['number', 'number = ?'],
  ['callId', 'call_id = ?'],
  ['level', 'level = ?'],
  ['since', 'at >= ?'],
  ['until', 'at < ?'],
];

function conditionOf(filter: EventFilter): Condition {
  const used = columns.filter(([key]) => filter[key] !== undefined);
  return {
    tests: used.map(([, test]) => test),
    values: used.map(([key]) => filter[key] ?? null),
  };
}
