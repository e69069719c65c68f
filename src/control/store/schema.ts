import type { DatabaseSync } from 'node:sqlite';

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

/** A newer program wrote this database; an older one must not touch it. */
export class TooNew extends Error {}

/** Brings the database to the version this program writes, in one transaction. */
export function migrate(database: DatabaseSync): void {
  const version = versionOf(database, schemaVersion);
  if (version === schemaVersion) return;
  inTransaction(database, () => {
    for (const step of steps.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${schemaVersion}`);
  });
}

/** Which version a database is of; throws where that is newer than the one this program knows. */
function versionOf(database: DatabaseSync, known: number): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version > known) throw new TooNew(`its version is ${version}, this program knows ${known}`);
  return version;
}

/** All of it or nothing. */
export function inTransaction(database: DatabaseSync, change: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    change();
    database.exec('COMMIT');
  } catch (error) {
    // A full disk may have rolled back already, and then there is nothing to roll back.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
