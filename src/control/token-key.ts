import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { CannotStart, type DataDirectory, reasonOf } from './data-directory.ts';

const keyBytes = 32;

/**
 * The key that authenticates flow tokens; made at first start. It must outlive restarts: every registered
 * phone is reached by a token made with it.
 */
export function readOrMakeTokenKey({ tokenKey: file }: DataDirectory): Uint8Array {
  let key: Buffer;
  try {
    key = readFileSync(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return makeKey(file);
    throw new CannotStart(`The flow key ${file} cannot be read: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
  if (key.length !== keyBytes) {
    throw new CannotStart(
      `The flow key ${file} is damaged: found ${key.length} bytes, expected ${keyBytes}. Put it back from ` +
        'a backup; or remove it, and phones are reached again as soon as each has registered anew.',
    );
  }
  return key;
}

function makeKey(file: string): Uint8Array {
  const key = randomBytes(keyBytes);
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    writeSync(descriptor, key);
    fsyncSync(descriptor);
    closeSync(descriptor);
  } catch (error) {
    throw new CannotStart(`The flow key ${file} cannot be made: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
  return key;
}
