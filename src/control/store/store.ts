import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { BindingBatch, BlockBatch, Kept } from '../../data/messages.ts';
import type { BindingRow } from '../../edge/registrations-store.ts';
import type { BlockEntry } from '../../limits/block-entry.ts';
import { reasonOf } from '../data-directory.ts';
import type { Logger } from '../log.ts';
import { BatchWriter } from './batch-writer.ts';
import { BlocksTable, loadBlocks } from './blocks.ts';
import { openDatabase } from './open.ts';
import { loadRegistrations, RegistrationsTable } from './registrations.ts';

/** What is kept on disk, open. Whatever fails here is logged and counted, and the gate serves on. */
export interface Store {
  /** As they were when the last process ended. Handed over once: a hundred thousand take some room. */
  takeRegistrations(): readonly BindingRow[];
  /** How many there were. */
  readonly found: number;
  /** The block list as it was. Handed over once. */
  takeBlocks(): readonly BlockEntry[];
  write(batch: BindingBatch): void;
  writeBlocks(batch: BlockBatch): void;
  errors(): number;
  /** The process is about to end: nothing is retried any more. */
  closing(): void;
  close(): void;
}

/** Opens the store; `stored` is told of each batch that needs no more attention. */
export function openStore(
  file: string,
  log: Logger,
  stored: (kept: Kept, batch: number) => void,
): Store {
  const { database, tables, found } = openTables(file, log);
  let untaken = found;
  if (tables) forgetExpired(tables, log);

  const optionsFor = (kept: Kept) => ({
    retryMs: 5000,
    stored: (batch: number) => stored(kept, batch),
    failing: (why: string) =>
      log.error({ why }, `${names[kept]} cannot be written to disk; serving on and trying again`),
    recovered: () => log.info(`${names[kept]} are written to disk again`),
  });
  const registrations = new BatchWriter(tables?.registrations, optionsFor('bindings'));
  const blocks = new BatchWriter(tables?.blocks, optionsFor('blocks'));
  return {
    found: found.registrations.length,
    takeRegistrations() {
      const taken = untaken.registrations;
      untaken = { ...untaken, registrations: [] };
      return taken;
    },
    takeBlocks() {
      const taken = untaken.blocks;
      untaken = { ...untaken, blocks: [] };
      return taken;
    },
    write: (batch) => registrations.write(batch),
    writeBlocks: (batch) => blocks.write(batch),
    errors: () => registrations.errors + blocks.errors + (tables ? 0 : 1),
    closing() {
      registrations.close();
      blocks.close();
    },
    close() {
      if (database?.isOpen) database.close();
    },
  };
}

const names: Readonly<Record<Kept, string>> = { bindings: 'registrations', blocks: 'blocks' };

interface Tables {
  readonly registrations: RegistrationsTable;
  readonly blocks: BlocksTable;
}

interface Found {
  readonly registrations: readonly BindingRow[];
  readonly blocks: readonly BlockEntry[];
}

interface OpenTables {
  readonly database: DatabaseSync | undefined;
  readonly tables: Tables | undefined;
  readonly found: Found;
}

function openTables(file: string, log: Logger): OpenTables {
  try {
    const { database, damaged } = openDatabase(file);
    if (damaged) {
      log.error(damaged, `the database ${file} is damaged: moved aside, and a new one begun`);
    }
    const tables = {
      registrations: new RegistrationsTable(database),
      blocks: new BlocksTable(database),
    };
    const found = {
      registrations: tables.registrations.load(Date.now()),
      blocks: tables.blocks.load(),
    };
    return { database, tables, found };
  } catch (error) {
    const found = readWhatIsThere(file);
    const { registrations, blocks } = found;
    log.error(
      { why: reasonOf(error), registrations: registrations.length, blocks: blocks.length },
      `the database ${file} cannot be written: registrations and blocks are not kept from now on`,
    );
    return { database: undefined, tables: undefined, found };
  }
}

/** What a database holds on a disk that has become read-only, as far as it can be read. */
function readWhatIsThere(file: string): Found {
  const read = <Row>(load: (database: DatabaseSync) => readonly Row[]): readonly Row[] => {
    try {
      const url = pathToFileURL(file);
      // Without this SQLite would want to write the files that WAL needs. What was not yet moved out of the
      // WAL is missed.
      url.search = '?immutable=1';
      using database = new DatabaseSync(url, { readOnly: true });
      return load(database);
    } catch {
      return [];
    }
  };
  return {
    registrations: read((database) => loadRegistrations(database, Date.now())),
    blocks: read(loadBlocks),
  };
}

function forgetExpired({ registrations, blocks }: Tables, log: Logger): void {
  try {
    registrations.removeExpired(Date.now());
    blocks.removeForgotten(Date.now());
  } catch (error) {
    log.warn({ why: reasonOf(error) }, 'what has expired stays in the database');
  }
}
