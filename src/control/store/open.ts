import { existsSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { reasonOf } from '../../config/reason-of.ts';
import { BlocksTable } from './blocks.ts';
import { GuardsTable } from './guards.ts';
import { RegistrationsTable } from './registrations.ts';
import { migrate } from './schema.ts';
import { TooNew } from './sqlite.ts';

export interface Opened {
  readonly database: DatabaseSync;
  readonly tables: Tables;
  readonly aside?: Aside;
}

export interface Tables {
  readonly registrations: RegistrationsTable;
  readonly blocks: BlocksTable;
  readonly guards: GuardsTable;
}

/** A database that this program cannot use: where it is now, and why. */
export interface Aside {
  readonly is: 'damaged' | 'of a newer version';
  readonly movedTo: string;
  readonly why: string;
}

/**
 * Opens the database and brings it up to date. One that is damaged, another program's, or of a newer version of this one,
 * is moved aside and a new one begun: phones register again within the hour, while a gate that does not start serves
 * nobody. One that cannot be opened for another reason (permissions, no space) is left alone and the error thrown.
 */
export function openDatabase(file: string, now = Date.now()): Opened {
  try {
    return openSound(file);
  } catch (error) {
    const aside = moveAside(file, error, now);
    return { ...openSound(file), aside };
  }
}

/** Makes room for a new database, if this error says that there must be one; throws it otherwise. */
export function moveAside(file: string, error: unknown, now: number): Aside {
  const newer = error instanceof TooNew;
  if (!newer && !isDamage(error)) throw error;
  const when = new Date(now).toISOString().replaceAll(':', '');
  const movedTo = `${file}.${newer ? 'newer' : 'damaged'}-${when}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, movedTo + suffix);
  }
  return { is: newer ? 'of a newer version' : 'damaged', movedTo, why: reasonOf(error) };
}

/**
 * A database on a disk that is full or has become read-only, where SQLite cannot write the files that WAL needs even
 * to read. What was not yet moved out of the WAL is missed.
 */
export function openAsItLies(file: string): DatabaseSync {
  const url = pathToFileURL(file);
  url.search = '?immutable=1';
  return new DatabaseSync(url, { readOnly: true });
}

function openSound(file: string): Omit<Opened, 'aside'> {
  const database = new DatabaseSync(file, { timeout: 2000 });
  try {
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = NORMAL');
    const check = database.prepare('PRAGMA quick_check(1)').get();
    if (check?.quick_check !== 'ok') throw new Damaged(String(check?.quick_check));
    migrate(database);
    const tables = {
      registrations: new RegistrationsTable(database),
      blocks: new BlocksTable(database),
      guards: new GuardsTable(database),
    };
    return { database, tables };
  } catch (error) {
    database.close();
    throw error;
  }
}

class Damaged extends Error {}

/** Some tables and columns are not ours where the file is another program's, or of a version that was never released. */
const damage =
  /malformed|not a database|disk image|no such (column|table)|already exists|duplicate column|has \d+ columns/i;

const isDamage = (error: unknown): boolean =>
  error instanceof Damaged || damage.test(reasonOf(error));
