import { readdirSync, readFileSync } from 'node:fs';

export interface OpenFiles {
  readonly open: number;
  readonly most: number;
}

/** How many files, sockets and the like the process has open, and how many it may have; undefined where nobody says. */
export function openFiles(): OpenFiles | undefined {
  try {
    const [, most] =
      /^Max open files +(\d+) /m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    if (most === undefined) return undefined;
    const open = readdirSync('/proc/self/fd').length - 1; // but for the one that this takes
    return { open, most: Number(most) };
  } catch {
    return undefined;
  }
}
