import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '../config/make-folder.ts';
import { reasonOf } from '../config/reason-of.ts';

/** The gate cannot start as things are; the message is for the operator and says what to do. */
export class CannotStart extends Error {}

/** The files of a data directory. */
export interface DataDirectory {
  readonly path: string;
  readonly database: string;
  readonly events: string;
  readonly eventsFile: string;
  readonly notifications: string;
  readonly tokenKey: string;
  readonly pinKey: string;
  readonly socket: string;
  readonly lock: string;
  readonly pid: string;
  readonly lists: string;
}

/** Where each file is. Nothing is opened or made. */
export function dataDirectoryAt(given: string): DataDirectory {
  const path = resolve(given);
  return {
    path,
    database: join(path, 'state.db'),
    events: join(path, 'events.db'),
    eventsFile: join(path, 'events.jsonl'),
    notifications: join(path, 'notifications.db'),
    tokenKey: join(path, 'flow-token.key'),
    pinKey: join(path, 'pin.key'),
    socket: join(path, 'control.sock'),
    lock: join(path, 'gate.lock'),
    pid: join(path, 'gate.pid'),
    lists: join(path, 'lists'),
  };
}

/** Makes the directory, for its owner only, if it is not there. */
export function makeDataDirectory({ path }: DataDirectory): void {
  try {
    if (!existsSync(path)) {
      makeFolder(path, 0o700);
      chmodSync(path, 0o700);
    }
  } catch (error) {
    throw new CannotStart(`The data directory ${path} cannot be made: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}

/** Throws where a gate of root's would leave files that the gate it belongs to may not open: that one would not start again. */
export function refuseAsRoot({ path }: DataDirectory, user = process.getuid?.()): void {
  const { uid } = statSync(path);
  if (user !== 0 || uid === 0) return;
  throw new CannotStart(
    `The data directory ${path} belongs to user ${uid}, and root runs this: what root writes there would keep the gate of ` +
      'that user from starting. Start it as that user (the service: systemctl start drawbridge), or name another with --data.',
  );
}

export interface Lock {
  /** Said when the directory could not be locked, but the gate should serve all the same. */
  readonly warning?: string;
  release(): void;
}

/**
 * Makes sure that only one process uses the directory. The lock is the operating system's on a SQLite
 * file: it goes with the process however that ends, so a stale one cannot exist.
 */
export function lockDataDirectory(directory: DataDirectory): Lock {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(directory.lock, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (/locked|busy/i.test(reasonOf(error))) {
      throw new CannotStart(
        `Another gate${runningPid(directory)} uses the data directory ${directory.path}. ` +
          'Stop it first, or give this one its own with --data.',
        { cause: error },
      );
    }
    // A full or read-only disk must not keep phones from calling after a restart.
    return {
      warning: `The data directory ${directory.path} cannot be locked: ${reasonOf(error)}.`,
      release() {},
    };
  }
  attempt(() => writeFileSync(directory.pid, `${process.pid}\n`));
  const held = database;
  return {
    release() {
      attempt(() => rmSync(directory.pid, { force: true }));
      held.close();
    },
  };
}

/** The process id of the gate that says it runs here, for a message. */
function runningPid({ pid }: DataDirectory): string {
  try {
    const text = readFileSync(pid, 'utf8').trim();
    return /^\d{1,10}$/.test(text) ? ` (process ${text})` : '';
  } catch {
    return '';
  }
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // The file only helps people; the gate works without it.
  }
}
