import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { BlockEntry, BlockedBy } from '../../limits/block-entry.ts';
import { inTransaction } from './sqlite.ts';

/** No list is longer: those that end last are read. */
const MOST = 200_000;
/** The longest that an offence can be remembered for. */
const REMEMBERED_MS = 31_536_000_000;

const kinds: readonly BlockedBy[] = ['rule', 'operator'];

/** The block list on disk. Every method is synchronous and throws what SQLite throws. */
export class BlocksTable {
  readonly #database: DatabaseSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#upsert = database.prepare(
      `INSERT OR REPLACE INTO blocks VALUES (${Array.from({ length: 11 }, () => '?').join()})`,
    );
    this.#delete = database.prepare('DELETE FROM blocks WHERE network = ?');
  }

  /** All or nothing. */
  write(upserts: readonly BlockEntry[], deletes: readonly string[]): void {
    inTransaction(this.#database, 'BEGIN IMMEDIATE', () => {
      for (const network of deletes) this.#delete.run(network);
      for (const row of upserts) {
        this.#upsert.run(
          row.network,
          row.by,
          row.rule,
          row.evidence,
          row.note ?? null,
          row.firstSeen,
          row.lastSeen,
          row.hits,
          row.until ?? null,
          row.offences,
          row.changedAt,
        );
      }
    });
  }

  /** Those that hold, and those that ended not so long ago that nobody remembers. */
  load(): readonly BlockEntry[] {
    return loadBlocks(this.#database);
  }

  /** Forgets what ended so long ago that nobody remembers. */
  removeForgotten(now: number): void {
    this.#database.prepare('DELETE FROM blocks WHERE until < ?').run(now - REMEMBERED_MS);
  }
}

export function loadBlocks(database: DatabaseSync): readonly BlockEntry[] {
  const query = database.prepare(
    'SELECT * FROM blocks ORDER BY until IS NULL DESC, until DESC LIMIT ?',
  );
  return [...query.iterate(MOST)].flatMap(entryOf);
}

function entryOf(row: Readonly<Record<string, SQLOutputValue>>): BlockEntry[] {
  const by = kinds.find((kind) => kind === row.by);
  if (by === undefined) return [];
  return [
    {
      network: String(row.network),
      by,
      rule: String(row.rule),
      evidence: String(row.evidence),
      note: row.note === null ? undefined : String(row.note),
      firstSeen: Number(row.first_seen),
      changedAt: Number(row.changed_at),
      lastSeen: Number(row.last_seen),
      hits: Number(row.hits),
      until: row.until === null ? undefined : Number(row.until),
      forgeable: false,
      offences: Number(row.offences),
    },
  ];
}
