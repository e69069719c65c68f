import type { DatabaseSync } from 'node:sqlite';

/** A newer program wrote this database; an older one must not touch it. */
export class TooNew extends Error {}

/** Which version a database is of; throws where that is newer than the one this program knows. */
export function versionOf(database: DatabaseSync, known: number): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version > known) throw new TooNew(`its version is ${version}, this program knows ${known}`);
  return version;
}

/** All of it or nothing. `BEGIN IMMEDIATE` locks out other writers at once, `BEGIN` from the first change on. */
export function inTransaction(
  database: DatabaseSync,
  begin: 'BEGIN' | 'BEGIN IMMEDIATE',
  change: () => void,
): void {
  database.exec(begin);
  try {
    change();
    database.exec('COMMIT');
  } catch (error) {
    // A full disk may have rolled back already, and then there is nothing to roll back.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
