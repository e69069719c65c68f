import type { DatabaseSync } from 'node:sqlite';
import { inTransaction, versionOf } from './sqlite.ts';

/** Each step takes a database from version n (its index) to n + 1. Steps are only ever added. */
export const steps: readonly string[] = [
  `CREATE TABLE registrations (
     aor TEXT NOT NULL,
     contact TEXT NOT NULL,
     token TEXT NOT NULL,
     flow TEXT NOT NULL,
     transport TEXT NOT NULL,
     listener TEXT NOT NULL,
     address TEXT NOT NULL,
     port INTEGER NOT NULL,
     toward TEXT NOT NULL,
     expires_at INTEGER NOT NULL,
     user_agent TEXT NOT NULL,
     call_id TEXT NOT NULL,
     cseq INTEGER NOT NULL,
     node TEXT NOT NULL,
     updated_at INTEGER NOT NULL,
     PRIMARY KEY (aor, contact)
   ) STRICT, WITHOUT ROWID`,
  `ALTER TABLE registrations ADD COLUMN instance TEXT NOT NULL DEFAULT ''`,
  `CREATE TABLE blocks (
     network TEXT NOT NULL PRIMARY KEY,
     by TEXT NOT NULL,
     rule TEXT NOT NULL,
     evidence TEXT NOT NULL,
     note TEXT,
     first_seen INTEGER NOT NULL,
     last_seen INTEGER NOT NULL,
     hits INTEGER NOT NULL,
     until INTEGER,
     offences INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
  `ALTER TABLE blocks ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0`,
  `CREATE TABLE guards (
     extension TEXT NOT NULL PRIMARY KEY,
     by TEXT NOT NULL,
     evidence TEXT NOT NULL,
     since INTEGER NOT NULL,
     changed_at INTEGER NOT NULL,
     until INTEGER
   ) STRICT, WITHOUT ROWID`,
];

export const schemaVersion = steps.length;

/** Brings the database to the version this program writes, in one transaction. */
export function migrate(database: DatabaseSync): void {
  const version = versionOf(database, schemaVersion);
  if (version === schemaVersion) return;
  inTransaction(database, 'BEGIN IMMEDIATE', () => {
    for (const step of steps.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${schemaVersion}`);
  });
}
