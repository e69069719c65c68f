import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Guard } from '../../limits/guards.ts';
import { inTransaction } from './sqlite.ts';

/** The guards of extensions on disk. Every method is synchronous and throws what SQLite throws. */
export class GuardsTable {
  readonly #database: DatabaseSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#upsert = database.prepare('INSERT OR REPLACE INTO guards VALUES (?, ?, ?, ?, ?, ?)');
    this.#delete = database.prepare('DELETE FROM guards WHERE extension = ?');
  }

  /** All or nothing. */
  write(upserts: readonly Guard[], deletes: readonly string[]): void {
    inTransaction(this.#database, 'BEGIN IMMEDIATE', () => {
      for (const extension of deletes) this.#delete.run(extension);
      for (const { extension, by, evidence, since, changedAt, until } of upserts)
        this.#upsert.run(extension, by, evidence, since, changedAt, until ?? null);
    });
  }

  load(): readonly Guard[] {
    return loadGuards(this.#database);
  }

  removeEnded(now: number): void {
    this.#database.prepare('DELETE FROM guards WHERE until < ?').run(now);
  }
}

export function loadGuards(database: DatabaseSync): readonly Guard[] {
  return [...database.prepare('SELECT * FROM guards').iterate()].map(guardOf);
}

const guardOf = (row: Readonly<Record<string, SQLOutputValue>>): Guard => ({
  extension: String(row.extension),
  by: row.by === 'operator' ? 'operator' : 'rule',
  evidence: String(row.evidence),
  since: Number(row.since),
  changedAt: Number(row.changed_at),
  until: row.until === null ? undefined : Number(row.until),
});
