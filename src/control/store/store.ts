import type { DatabaseSync } from 'node:sqlite';
import type { BindingBatch } from '../../data/messages.ts';
import type { BindingRow } from '../../edge/registrations-store.ts';
import { reasonOf } from '../data-directory.ts';
import type { Logger } from '../log.ts';
import { openDatabase } from './open.ts';
import { RegistrationsTable } from './registrations.ts';
import { RegistrationsWriter } from './registrations-writer.ts';

/** What is kept on disk, open. Whatever fails here is logged and counted, and the gate serves on. */
export interface Store {
  /** As they were when the last process ended. */
  readonly registrations: readonly BindingRow[];
  write(batch: BindingBatch): void;
  errors(): number;
  /** The process is about to end: nothing is retried any more. */
  closing(): void;
  close(): void;
}

/** Opens the store; `stored` is told of each batch that needs no more attention. */
export function openStore(file: string, log: Logger, stored: (batch: number) => void): Store {
  let database: DatabaseSync | undefined;
  let table: RegistrationsTable | undefined;
  let registrations: readonly BindingRow[] = [];
  let openErrors = 0;
  try {
    const opened = openDatabase(file);
    if (opened.damaged) {
      log.error(
        opened.damaged,
        `the database ${file} is damaged: moved aside, and a new one begun`,
      );
    }
    database = opened.database;
    table = new RegistrationsTable(database);
    registrations = table.load(Date.now());
  } catch (error) {
    openErrors++;
    log.error(
      { why: reasonOf(error) },
      `the database ${file} cannot be used: registrations are not kept`,
    );
  }
  forgetExpired(table, log);

  const writer = new RegistrationsWriter(table, {
    retryMs: 5000,
    stored,
    failing: (why) =>
      log.error({ why }, 'registrations cannot be written to disk; serving on and trying again'),
    recovered: () => log.info('registrations are written to disk again'),
  });
  return {
    registrations,
    write: (batch) => writer.write(batch),
    errors: () => writer.errors + openErrors,
    closing: () => writer.close(),
    close: () => database?.close(),
  };
}

function forgetExpired(table: RegistrationsTable | undefined, log: Logger): void {
  try {
    table?.removeExpired(Date.now());
  } catch (error) {
    log.warn({ why: reasonOf(error) }, 'expired registrations stay in the database');
  }
}
