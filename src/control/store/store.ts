import type { DatabaseSync } from 'node:sqlite';
import { reasonOf } from '../../config/reason-of.ts';
import type { BindingBatch, BlockBatch, GuardBatch, Kept } from '../../data/messages.ts';
import type { BindingRow } from '../../edge/registrations-store.ts';
import type { BlockEntry } from '../../limits/block-entry.ts';
import type { Guard } from '../../limits/guards.ts';
import type { Logger } from '../log.ts';
import { BatchWriter } from './batch-writer.ts';
import { loadBlocks } from './blocks.ts';
import { loadGuards } from './guards.ts';
import { openAsItLies, openDatabase, type Tables } from './open.ts';
import { loadRegistrations } from './registrations.ts';

/** What is kept on disk, open. Whatever fails here is logged and counted, and the gate serves on. */
export interface Store {
  /** As they were when the last process ended. Handed over once: a hundred thousand take some room. */
  takeRegistrations(): readonly BindingRow[];
  /** How many there were. */
  readonly found: number;
  /** The block list as it was. Handed over once. */
  takeBlocks(): readonly BlockEntry[];
  /** Which extensions were guarded. */
  readonly guards: readonly Guard[];
  write(batch: BindingBatch): void;
  writeBlocks(batch: BlockBatch): void;
  writeGuards(batch: GuardBatch): void;
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
  let opened: Opened | undefined;
  let failures = 0;
  /** While it cannot be opened each write tries again: a disk is not full for ever. */
  const tables = (): Tables => {
    opened ??= openTables(file, log);
    return opened.tables;
  };
  let untaken: Found;
  try {
    untaken = foundIn(tables());
  } catch (error) {
    failures++;
    untaken = readWhatIsThere(file);
    const { registrations, blocks } = untaken;
    log.error(
      { why: reasonOf(error), registrations: registrations.length, blocks: blocks.length },
      `the database ${file} cannot be opened for writing: serving on with what it holds, and trying again`,
    );
  }
  const found = untaken.registrations.length;
  const { guards: guarded } = untaken;

  const optionsFor = (kept: Kept) => ({
    retryMs: 5000,
    stored: (batch: number) => stored(kept, batch),
    failing: (why: string) =>
      log.error({ why }, `${names[kept]} cannot be written to disk; serving on and trying again`),
    recovered: () => log.info(`${names[kept]} are written to disk again`),
  });
  const registrations = new BatchWriter(() => tables().registrations, optionsFor('bindings'));
  const blocks = new BatchWriter(() => tables().blocks, optionsFor('blocks'));
  const guards = new BatchWriter(() => tables().guards, optionsFor('guards'));
  return {
    found,
    guards: guarded,
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
    writeGuards: (batch) => guards.write(batch),
    errors: () => registrations.errors + blocks.errors + guards.errors + failures,
    closing() {
      registrations.close();
      blocks.close();
      guards.close();
    },
    close() {
      if (opened?.database.isOpen) opened.database.close();
    },
  };
}

const names: Readonly<Record<Kept, string>> = {
  bindings: 'registrations',
  blocks: 'blocks',
  guards: 'guards',
};

interface Found {
  readonly registrations: readonly BindingRow[];
  readonly blocks: readonly BlockEntry[];
  readonly guards: readonly Guard[];
}

interface Opened {
  readonly database: DatabaseSync;
  readonly tables: Tables;
}

function openTables(file: string, log: Logger): Opened {
  const { database, tables, aside } = openDatabase(file);
  if (aside) {
    const { is, ...where } = aside;
    log.error(where, `the database ${file} is ${is}: moved aside, and a new one begun`);
  }
  forgetExpired(tables, log);
  return { database, tables };
}

const foundIn = ({ registrations, blocks, guards }: Tables): Found => ({
  registrations: registrations.load(Date.now()),
  blocks: blocks.load(),
  guards: guards.load(),
});

/** What a database holds on a disk that has become read-only, as far as it can be read. */
function readWhatIsThere(file: string): Found {
  const read = <Row>(load: (database: DatabaseSync) => readonly Row[]): readonly Row[] => {
    try {
      using database = openAsItLies(file);
      return load(database);
    } catch {
      return [];
    }
  };
  return {
    registrations: read((database) => loadRegistrations(database, Date.now())),
    blocks: read(loadBlocks),
    guards: read(loadGuards),
  };
}

function forgetExpired({ registrations, blocks, guards }: Tables, log: Logger): void {
  try {
    registrations.removeExpired(Date.now());
    blocks.removeForgotten(Date.now());
    guards.removeEnded(Date.now());
  } catch (error) {
    log.warn({ why: reasonOf(error) }, 'what has expired stays in the database');
  }
}
