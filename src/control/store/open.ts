import { existsSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { reasonOf } from '../data-directory.ts';
import { migrate, TooNew } from './schema.ts';

export interface Opened {
  readonly database: DatabaseSync;
  /** Where a damaged database was moved to, and what was wrong with it. */
  readonly damaged?: { readonly movedTo: string; readonly why: string };
}

/**
 * Opens the database and brings it up to date. A damaged one is moved aside and a new one begun: phones
 * register again within the hour, while a gate that does not start serves nobody. One that cannot be
 * opened for another reason (permissions, no space) is left alone and the error thrown.
 */
export function openDatabase(file: string, now = Date.now()): Opened {
  try {
    return { database: openSound(file) };
  } catch (error) {
    const why = reasonOf(error);
    if (!isDamage(error)) throw error;
    const movedTo = `${file}.damaged-${new Date(now).toISOString().replaceAll(':', '')}`;
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(file + suffix)) renameSync(file + suffix, movedTo + suffix);
    }
    return { database: openSound(file), damaged: { movedTo, why } };
  }
}

function openSound(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 2000 });
  try {
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = NORMAL');
    const check = database.prepare('PRAGMA quick_check(1)').get();
    if (check?.quick_check !== 'ok') throw new Damaged(String(check?.quick_check));
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

class Damaged extends Error {}

function isDamage(error: unknown): boolean {
  if (error instanceof Damaged || error instanceof TooNew) return true;
  return /malformed|not a database|disk image|no such column|no such table/i.test(reasonOf(error));
}
