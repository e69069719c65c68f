import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { transports } from '../../config/forms.ts';
import type { BindingKey, BindingRow } from '../../edge/registrations-store.ts';
import { inTransaction } from './sqlite.ts';

/** The registrations on disk. Every method is synchronous and throws what SQLite throws. */
export class RegistrationsTable {
  readonly #database: DatabaseSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#upsert = database.prepare(
      `INSERT OR REPLACE INTO registrations VALUES (${Array.from({ length: 16 }, () => '?').join()})`,
    );
    this.#delete = database.prepare('DELETE FROM registrations WHERE aor = ? AND contact = ?');
  }

  /** All or nothing. */
  write(upserts: readonly BindingRow[], deletes: readonly BindingKey[]): void {
    inTransaction(this.#database, 'BEGIN IMMEDIATE', () => {
      for (const { aor, contact } of deletes) this.#delete.run(aor, contact);
      for (const row of upserts) {
        this.#upsert.run(
          row.aor,
          row.contact,
          row.token,
          row.flow,
          row.transport,
          row.listener,
          row.address,
          row.port,
          row.toward,
          Math.round(row.expiresAt),
          row.userAgent,
          row.callId,
          row.cseq,
          row.node,
          Math.round(row.changedAt),
          row.instance,
        );
      }
    });
  }

  /** Those still good at `now`. */
  load(now: number): readonly BindingRow[] {
    return loadRegistrations(this.#database, now);
  }

  /** Forgets what expired before `now`; returns how many. */
  removeExpired(now: number): number {
    return Number(
      this.#database.prepare('DELETE FROM registrations WHERE expires_at <= ?').run(now).changes,
    );
  }
}

/** The registrations in this database that are still good at `now`. */
export function loadRegistrations(database: DatabaseSync, now: number): readonly BindingRow[] {
  const rows: BindingRow[] = [];
  const query = database.prepare('SELECT * FROM registrations WHERE expires_at > ?');
  for (const row of query.iterate(now)) {
    const transport = transports.find((known) => known === row.transport);
    if (transport === undefined) continue;
    rows.push({
      aor: String(row.aor),
      contact: String(row.contact),
      token: String(row.token),
      flow: String(row.flow),
      transport,
      listener: String(row.listener),
      address: String(row.address),
      port: Number(row.port),
      toward: row.toward === 'path' ? 'path' : 'contact',
      expiresAt: Number(row.expires_at),
      userAgent: String(row.user_agent),
      callId: String(row.call_id),
      cseq: Number(row.cseq),
      node: String(row.node),
      instance: String(row.instance),
      changedAt: Number(row.updated_at),
    });
  }
  return rows;
}
