import { DatabaseSync } from 'node:sqlite';
import { type Aside, moveAside } from '../store/open.ts';
import { inTransaction, versionOf } from '../store/sqlite.ts';
import type { Group } from './group.ts';

/** A message on its way: still being gathered, waiting to be sent, or sent within the last hour. */
export interface Held {
  readonly id: number;
  readonly contact: string;
  /** Of alerts. */
  readonly urgent: boolean;
  readonly group: Group;
  /** Milliseconds since 1970; undefined while more may come to it. */
  readonly closedAt?: number | undefined;
  readonly sentAt?: number | undefined;
  /** How often it was refused. */
  readonly refusals: number;
}

interface Opened {
  readonly database: NotificationsDatabase;
  readonly found: readonly Held[];
  readonly aside?: Aside;
}

const version = 1;
const tables = `
  CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY,
    contact TEXT NOT NULL,
    message TEXT NOT NULL
  ) STRICT;
`;

/** Messages on disk, in a database of their own: whatever they do, registrations and events do not wait for them. */
export class NotificationsDatabase {
  readonly #database: DatabaseSync;
  readonly #put: ReturnType<DatabaseSync['prepare']>;
  readonly #remove: ReturnType<DatabaseSync['prepare']>;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.#put = database.prepare(
      'INSERT OR REPLACE INTO messages (id, contact, message) VALUES (?, ?, ?)',
    );
    this.#remove = database.prepare('DELETE FROM messages WHERE id = ?');
  }

  /**
   * Opens it, and reads what is there. One that is damaged or of a newer program is moved aside; what cannot be opened for
   * another reason is thrown.
   */
  static open(file: string, now = Date.now()): Opened {
    try {
      return openSound(file);
    } catch (error) {
      const aside = moveAside(file, error, now);
      return { ...openSound(file), aside };
    }

    function openSound(path: string): Opened {
      const database = new DatabaseSync(path, { timeout: 500 });
      try {
        database.exec('PRAGMA journal_mode = WAL');
        database.exec('PRAGMA synchronous = NORMAL');
        versionOf(database, version); // throws TooNew, for moveAside
        database.exec(tables);
        database.exec(`PRAGMA user_version = ${version}`);
        const opened = new NotificationsDatabase(database);
        return { database: opened, found: opened.#all() };
      } catch (error) {
        database.close();
        throw error;
      }
    }
  }

  /** In the order in which they were begun. */
  #all(): readonly Held[] {
    return this.#database
      .prepare('SELECT message FROM messages WHERE json_valid(message) ORDER BY id')
      .all()
      .map(({ message }) => JSON.parse(String(message)) as Held);
  }

  write(put: readonly Held[], removed: readonly number[]): void {
    inTransaction(this.#database, 'BEGIN', () => {
      for (const held of put) this.#put.run(held.id, held.contact, JSON.stringify(held));
      for (const id of removed) this.#remove.run(id);
    });
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
