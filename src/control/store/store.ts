import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { BindingBatch } from '../../data/messages.ts';
import type { BindingRow } from '../../edge/registrations-store.ts';
import { reasonOf } from '../data-directory.ts';
import type { Logger } from '../log.ts';
import { openDatabase } from './open.ts';
import { loadRegistrations, RegistrationsTable } from './registrations.ts';
import { RegistrationsWriter } from './registrations-writer.ts';

/** What is kept on disk, open. Whatever fails here is logged and counted, and the gate serves on. */
export interface Store {
  /** As they were when the last process ended. Handed over once: a hundred thousand take some room. */
  takeRegistrations(): readonly BindingRow[];
  /** How many there were. */
  readonly found: number;
  write(batch: BindingBatch): void;
  errors(): number;
  /** The process is about to end: nothing is retried any more. */
  closing(): void;
  close(): void;
}

/** Opens the store; `stored` is told of each batch that needs no more attention. */
export function openStore(file: string, log: Logger, stored: (batch: number) => void): Store {
  const { database, table, registrations } = openTable(file, log);
  let untaken = registrations;
  if (table) forgetExpired(table, log);

  const writer = new RegistrationsWriter(table, {
    retryMs: 5000,
    stored,
    failing: (why) =>
      log.error({ why }, 'registrations cannot be written to disk; serving on and trying again'),
    recovered: () => log.info('registrations are written to disk again'),
  });
  return {
    found: registrations.length,
    takeRegistrations() {
      const taken = untaken;
      untaken = [];
      return taken;
    },
    write: (batch) => writer.write(batch),
    errors: () => writer.errors + (table ? 0 : 1),
    closing: () => writer.close(),
    close() {
      if (database?.isOpen) database.close();
    },
  };
}

interface OpenTable {
  readonly database: DatabaseSync | undefined;
  readonly table: RegistrationsTable | undefined;
  readonly registrations: readonly BindingRow[];
}

function openTable(file: string, log: Logger): OpenTable {
  try {
    const { database, damaged } = openDatabase(file);
    if (damaged) {
      log.error(damaged, `the database ${file} is damaged: moved aside, and a new one begun`);
    }
    const table = new RegistrationsTable(database);
    return { database, table, registrations: table.load(Date.now()) };
  } catch (error) {
    const registrations = readWhatIsThere(file);
    log.error(
      { why: reasonOf(error), registrations: registrations.length },
      `the database ${file} cannot be written: registrations are not kept from now on`,
    );
    return { database: undefined, table: undefined, registrations };
  }
}

/** The registrations of a database on a disk that has become read-only, as far as they can be read. */
function readWhatIsThere(file: string): readonly BindingRow[] {
  try {
    const url = pathToFileURL(file);
    // Without this SQLite would want to write the files that WAL needs. What was not yet moved out of the
    // WAL is missed.
    url.search = '?immutable=1';
    using database = new DatabaseSync(url, { readOnly: true });
    return loadRegistrations(database, Date.now());
  } catch {
    return [];
  }
}

function forgetExpired(table: RegistrationsTable, log: Logger): void {
  try {
    table.removeExpired(Date.now());
  } catch (error) {
    log.warn({ why: reasonOf(error) }, 'expired registrations stay in the database');
  }
}
