import { hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { reasonOf } from '../config/reason-of.ts';
import { writeWhole } from '../config/replace-file.ts';
import { CannotStart, type DataDirectory } from './data-directory.ts';

const keyBytes = 32;

/**
 * The key that authenticates flow tokens; made at first start. It must outlive restarts: every registered
 * phone is reached by a token made with it.
 */
export const readOrMakeTokenKey = ({ tokenKey }: DataDirectory): Uint8Array =>
  readOrMake(
    tokenKey,
    'flow key',
    'remove it, and phones are reached again as soon as each has registered anew',
  );

/** The same on all nodes that share a secret: what one of them gave the PBX the others can read. */
export const tokenKeyOf = (clusterSecret: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', clusterSecret, '', 'drawbridge flow tokens', keyBytes));

/** The key without which the PINs of policies/pins.yaml are worth nothing; made when it is first needed. */
export const readOrMakePinKey = ({ pinKey }: DataDirectory): Uint8Array =>
  readOrMake(pinKey, 'PIN key', 'remove it, and add every PIN again with drawbridge pin add');

function readOrMake(file: string, what: string, orElse: string): Uint8Array {
  let key: Buffer;
  try {
    key = readFileSync(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return makeKey(file, what);
    throw new CannotStart(`The ${what} ${file} cannot be read: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
  if (key.length !== keyBytes) {
    throw new CannotStart(
      `The ${what} ${file} is damaged: found ${key.length} bytes, expected ${keyBytes}. Put it back from ` +
        `a backup; or ${orElse}.`,
    );
  }
  return key;
}

function makeKey(file: string, what: string): Uint8Array {
  const key = randomBytes(keyBytes);
  try {
    // a full disk must not leave half a key, which is a damaged one
    writeWhole(file, key, 0o600);
  } catch (error) {
    throw new CannotStart(`The ${what} ${file} cannot be made: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
  return key;
}
