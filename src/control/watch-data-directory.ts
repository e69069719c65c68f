import { statSync } from 'node:fs';
import type { DataDirectory } from './data-directory.ts';

export interface DataDirectoryWatch {
  /** How often it was gone. */
  readonly losses: number;
  close(): void;
}

export interface DataDirectoryObserver {
  /** Removed, or another is in its place. Said once. */
  gone(): void;
  /** A mount that was away for a while. */
  back(): void;
}

/**
 * Looks whether the database is still there. When it is removed under a running gate the system goes on
 * taking what is written, into a file without a name, and the loss would show at the next start only.
 */
export function watchDataDirectory(
  { database }: DataDirectory,
  observer: DataDirectoryObserver,
  everyMs = 5000,
): DataDirectoryWatch {
  const opened = identityOf(database);
  let gone = false;
  let losses = 0;
  const look = (): void => {
    const now = identityOf(database) !== opened;
    if (now === gone) return;
    gone = now;
    if (gone) {
      losses++;
      observer.gone();
    } else observer.back();
  };
  // One that could not be opened was said at start.
  const timer = opened === undefined ? undefined : setInterval(look, everyMs).unref();
  return {
    get losses() {
      return losses;
    },
    close: () => clearInterval(timer),
  };
}

function identityOf(file: string): string | undefined {
  try {
    const { dev, ino } = statSync(file);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
