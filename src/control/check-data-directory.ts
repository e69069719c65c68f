import { randomBytes } from 'node:crypto';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { leadsNowhere } from '../config/make-folder.ts';
import { reasonOf } from '../config/reason-of.ts';
import { CannotStart, type DataDirectory } from './data-directory.ts';
import { readOrMakePinKey, readOrMakeTokenKey } from './secret-keys.ts';

/** About what a first start writes: keys, a certificate, two databases. */
const FIRST_START_BYTES = 65_536;

/** Throws what would keep a gate from starting with this directory, or from keeping what it holds; leaves nothing behind. */
export function checkDataDirectory(directory: DataDirectory): void {
  let there = directory.path;
  while (!existsSync(there) && !leadsNowhere(there) && dirname(there) !== there)
    there = dirname(there);
  try {
    if (leadsNowhere(there)) throw new Error(`${there} is a link that leads nowhere`);
    if (!statSync(there).isDirectory()) throw new Error(`${there} is not a folder`);
    writeAndRemove(there);
  } catch (error) {
    throw new CannotStart(
      `The data directory ${directory.path} cannot be written: ${reasonOf(error)}.`,
      {
        cause: error,
      },
    );
  }
  if (existsSync(directory.tokenKey)) readOrMakeTokenKey(directory);
  if (existsSync(directory.pinKey)) readOrMakePinKey(directory);
}

/** Only writing shows whether there is room: permissions say nothing of a full disk or a used-up quota. */
function writeAndRemove(folder: string): void {
  const probe = join(folder, `.drawbridge-check-${process.pid}`);
  try {
    writeFileSync(probe, randomBytes(FIRST_START_BYTES), { flag: 'wx', mode: 0o600, flush: true });
  } finally {
    rmSync(probe, { force: true });
  }
}
