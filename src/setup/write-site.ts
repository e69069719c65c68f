import {
  existsSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { makeFolder } from '../config/make-folder.ts';
import { folders, shippedFolders } from '../config/settings-files.ts';
import type { SiteFile } from './site-files.ts';

/** The folders of a site that are there already. */
export const foldersInTheWay = (site: string): readonly string[] =>
  folders.map((folder) => join(site, folder)).filter((path) => existsSync(path));

/** Would it be written over the files that every site is made from? */
export const isShipped = (site: string): boolean =>
  folders.some((folder) => {
    const path = join(site, folder);
    return existsSync(path) && realpathSync(path) === realpathSync(shippedFolders[folder]);
  });

/** What a folder of before is called from now on. */
export interface Kept {
  readonly folder: string;
  readonly keptAs: string;
}

/** Writes all of it beside the place, then moves it there: whoever looks finds what was before, or the whole. */
export function writeSite(site: string, files: readonly SiteFile[], now: Date): readonly Kept[] {
  const made = foldersToMake(resolve(site));
  try {
    makeFolder(site);
    return writeInto(site, files, now);
  } catch (error) {
    for (const folder of made) removeEmpty(folder);
    throw error;
  }
}

/** Those that are not there, the innermost first. */
function foldersToMake(path: string): readonly string[] {
  return existsSync(path) ? [] : [path, ...foldersToMake(dirname(path))];
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // it was not made, or somebody has put something into it
  }
}

function writeInto(site: string, files: readonly SiteFile[], now: Date): readonly Kept[] {
  const staged = mkdtempSync(join(site, '.init-'));
  try {
    for (const { path, text } of files) {
      const file = join(staged, path);
      makeFolder(dirname(file));
      writeFileSync(file, text);
    }
    const stamp = now.toISOString().slice(0, 19).replace(/[-:]/g, '');
    return folders.flatMap((name) => {
      const folder = join(site, name);
      const keptAs = `${folder}.${stamp}`;
      const before = existsSync(folder);
      if (before) renameSync(folder, keptAs);
      renameSync(join(staged, name), folder);
      return before ? [{ folder, keptAs }] : [];
    });
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}
