import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CannotStart, type DataDirectory, reasonOf } from './data-directory.ts';
import { readOrMakePinKey, readOrMakeTokenKey } from './secret-keys.ts';

/** Throws what would keep a gate from starting with this directory; changes nothing. */
export function checkDataDirectory(directory: DataDirectory): void {
  let there = directory.path;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  try {
    if (!statSync(there).isDirectory()) throw new Error(`${there} is not a folder`);
    accessSync(there, constants.W_OK | constants.X_OK);
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
