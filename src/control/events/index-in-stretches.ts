import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

/** What rows are to have besides, as in a WHERE clause. */
export interface Condition {
  readonly tests: readonly string[];
  readonly values: readonly SQLInputValue[];
}

export interface EventRow {
  readonly id: number;
  readonly event: string;
}

interface Names {
  /** The text. */
  readonly column: string;
  /** A column of its own. */
  readonly key: string;
  /** The index of the text that there was before. */
  readonly before: string;
  /** That of rows that have no key. */
  readonly withoutKey: string;
}

const STRETCH = 4096;
const HASHES = 2 ** 32;

/**
 * How events are found by a text. Call-IDs, extensions and addresses come in no order: in indexes of their own each new
 * event changed other pages of them, which was more than half of what it cost to write one down. A key is the number of a
 * stretch of the log and a hash of the text, so that new ones stand together; who looks for a text looks once in every
 * stretch.
 */
export class IndexInStretches {
  readonly #names: Names;
  readonly #withKey: string;

  constructor(names: Names) {
    this.#names = names;
    this.#withKey = `events_${names.key}`;
  }

  /** Events that an earlier version wrote, or still writes, have no keys: they are found by an index of the text. */
  create(database: DatabaseSync): void {
    const { column, key, before, withoutKey } = this.#names;
    const hasKey = database
      .prepare("SELECT 1 FROM pragma_table_info('events') WHERE name = ?")
      .get(key);
    if (hasKey === undefined) database.exec(`ALTER TABLE events ADD COLUMN ${key} INTEGER`);
    database.exec(`
      CREATE INDEX IF NOT EXISTS ${this.#withKey} ON events (${key}) WHERE ${key} IS NOT NULL;
      CREATE INDEX IF NOT EXISTS ${withoutKey} ON events (${column}) WHERE ${key} IS NULL AND ${column} IS NOT NULL;
      DROP INDEX IF EXISTS ${before};
    `);
  }

  /** Not in the log that a gate of an earlier version writes. */
  isIn(database: DatabaseSync): boolean {
    const names = database.prepare("SELECT name FROM pragma_index_list('events')").all();
    return [this.#withKey, this.#names.withoutKey].every((wanted) =>
      names.some(({ name }) => name === wanted),
    );
  }

  /** The newest events of this text, the newest first. The conditions say that they are of it: texts may share a hash. */
  newest(
    database: DatabaseSync,
    text: string,
    { tests, values }: Condition,
    most: number,
  ): readonly EventRow[] {
    const { key, withoutKey } = this.#names;
    const select = (index: string, ...first: readonly string[]) =>
      database.prepare(
        `SELECT id, event FROM events INDEXED BY ${index} WHERE ${[...first, ...tests].join(' AND ')}
         ORDER BY id DESC LIMIT ?`,
      );
    const { oldest, newest } = endsOf(database);
    const hash = hashOf(text);
    const inStretch = select(this.#withKey, `${key} = ?`);
    const found: EventRow[] = [];
    for (
      let stretch = stretchOf(newest);
      stretch >= stretchOf(oldest) && found.length < most;
      stretch--
    )
      for (const row of inStretch.all(keyIn(stretch, hash), ...values, most - found.length))
        found.push(eventRow(row));
    const others = select(withoutKey, `${key} IS NULL`)
      .all(...values, most)
      .map(eventRow);
    return [...found, ...others].sort((one, other) => other.id - one.id).slice(0, most);
  }
}

/** The numbers of the first and the last event that are kept; both are 0 when none is. */
export const endsOf = (database: DatabaseSync): { oldest: number; newest: number } =>
  database
    .prepare(
      // asked for together, in one SELECT, they would be looked for from end to end
      `SELECT coalesce((SELECT min(id) FROM events), 0) AS oldest,
              coalesce((SELECT max(id) FROM events), 0) AS newest`,
    )
    .get() as { oldest: number; newest: number };

/** Of the event with this number. */
export const keyOf = (id: number, text: string | undefined): number | null =>
  text === undefined ? null : keyIn(stretchOf(id), hashOf(text));

const stretchOf = (id: number): number => Math.floor(id / STRETCH);
const keyIn = (stretch: number, hash: number): number => stretch * HASHES + hash;

const eventRow = ({ id, event }: Record<string, unknown>): EventRow => ({
  id: Number(id),
  event: String(event),
});

/** FNV-1a: it is on disk, and must be the same tomorrow. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
