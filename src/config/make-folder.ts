import { existsSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those around it, where they are not there. By itself and not by Node's `recursive`, which asks for
 * ever where the system says ENOENT of a folder that may not be made in one that is there, as in /proc.
 */
export function makeFolder(path: string, mode?: number): void {
  if (isFolder(path)) return;
  const around = dirname(path);
  if (!existsSync(around)) makeFolder(around, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (isFolder(path)) return; // somebody else was faster
    if (leadsNowhere(path))
      throw new Error(`${path} is a link that leads nowhere`, { cause: error });
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw code === 'ENOENT'
      ? new Error(`no folder can be made in ${around}`, { cause: error })
      : error;
  }
}

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Is it a link to what is not there? */
export function leadsNowhere(path: string): boolean {
  try {
    return !existsSync(path) && lstatSync(path).isSymbolicLink();
  } catch {
    return false; // there is nothing at all
  }
}
