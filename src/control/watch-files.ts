import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface FilesWatch {
  /** What is there now has been read: only what comes after is a change. */
  seen(): void;
  close(): void;
}

/** Folders below the settings that are read as well. */
const below = ['tests', 'data'];

/**
 * Looks whether the files of these folders have changed, and says so once they have stayed as they are for one look:
 * editors write in several steps. It looks instead of being told, since notices are lost where a folder is replaced
 * whole, mounted, or shared over the network; a look at some twenty files costs a fraction of a millisecond.
 */
export function watchFiles(
  folders: readonly string[],
  changed: () => void,
  everyMs = 300,
): FilesWatch {
  const look = (): string =>
    folders
      .flatMap((folder) => [folder, ...below.map((name) => join(folder, name))].map(stateOf))
      .join('\n');
  let read = unlessFailing(look) ?? '';
  let last = read;
  const timer = setInterval(() => {
    const now = unlessFailing(look);
    if (now === undefined) return;
    const settled = now === last;
    last = now;
    if (!settled || now === read) return;
    read = now;
    changed();
  }, everyMs).unref();
  return {
    seen() {
      read = unlessFailing(look) ?? read;
      last = read;
    },
    close: () => clearInterval(timer),
  };
}

/** That the system has no file descriptor left, or the disk fails, is no change of what is there. */
function unlessFailing(look: () => string): string | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Names, sizes, times and identities of what is in a folder; hidden files are an editor's own. */
function stateOf(folder: string): string {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.') && !name.endsWith('~'))
      .map((name) => stateOfFile(join(folder, name)))
      .join('\n');
  } catch (error) {
    if (isAbsent(error)) return 'none';
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES';
}

function stateOfFile(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
  if (stats === undefined || stats.isDirectory()) return path;
  return `${path} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
}
