import {
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkDataDirectory } from './check-data-directory.ts';
import {
  CannotStart,
  dataDirectoryAt,
  lockDataDirectory,
  makeDataDirectory,
  refuseAsRoot,
} from './data-directory.ts';
import { readOrMakePinKey, readOrMakeTokenKey } from './secret-keys.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the data directory', () => {
  test('is made with everything above it, for its owner only', () => {
    const directory = dataDirectoryAt(join(folder, 'a/b'));
    makeDataDirectory(directory);
    expect(statSync(directory.path).mode & 0o777).toBe(0o700);
  });

  test('that cannot be made is an error that names it', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeDataDirectory(dataDirectoryAt(join(folder, 'file/data')))).toThrow(
      /file\/data cannot be made/,
    );
    expect(() => checkDataDirectory(dataDirectoryAt(join(folder, 'file/data')))).toThrow(
      /is not a folder/,
    );
  });

  test("of another user is refused to root, whose files there would be shut to that user's gate", () => {
    const directory = dataDirectoryAt(folder);
    const { uid } = statSync(folder);
    expect(() => refuseAsRoot(directory, uid)).not.toThrow();
    if (uid === 0) chownSync(folder, 4711, 4711);
    expect(() => refuseAsRoot(directory, 0)).toThrow(`${folder} belongs to user `);
    expect(() => refuseAsRoot(directory, 4711)).not.toThrow();
  });

  test('that is a link to what is not there is an error for check as for a start', () => {
    const link = join(folder, 'link');
    symlinkSync('/nowhere/data', link);
    const said = `${link} is a link that leads nowhere`;
    expect(() => makeDataDirectory(dataDirectoryAt(link))).toThrow(said);
    expect(() => checkDataDirectory(dataDirectoryAt(link))).toThrow(said);
    expect(() => checkDataDirectory(dataDirectoryAt(join(link, 'below')))).toThrow(said);
  });

  test('serves one gate at a time, and the second is told whose it is', () => {
    const directory = dataDirectoryAt(folder);
    const first = lockDataDirectory(directory);
    expect(() => lockDataDirectory(directory)).toThrow(CannotStart);
    expect(() => lockDataDirectory(directory)).toThrow(`(process ${process.pid})`);
    first.release();
    expect(existsSync(directory.pid)).toBe(false);
    lockDataDirectory(directory).release();
  });

  test('that cannot be locked for another reason does not keep the gate from serving', () => {
    const directory = { ...dataDirectoryAt(folder), lock: join(folder, 'nowhere/gate.lock') };
    const lock = lockDataDirectory(directory);
    expect(lock.warning).toContain('cannot be locked');
    lock.release();
  });

  test('is checked without being changed', () => {
    const directory = dataDirectoryAt(join(folder, 'not/yet/there'));
    checkDataDirectory(directory);
    expect(existsSync(directory.path)).toBe(false);
  });
});

describe('the flow key', () => {
  test('is made once, for its owner only, and stays the same', () => {
    const directory = dataDirectoryAt(folder);
    const key = readOrMakeTokenKey(directory);
    expect(key).toHaveLength(32);
    expect(statSync(directory.tokenKey).mode & 0o777).toBe(0o600);
    expect(readOrMakeTokenKey(directory)).toEqual(key);
  });

  test.each([0, 31, 33])(
    'of %i bytes is refused, left as it is, and the way out is said',
    (length) => {
      const directory = dataDirectoryAt(folder);
      writeFileSync(directory.tokenKey, Buffer.alloc(length, 7));
      expect(() => readOrMakeTokenKey(directory)).toThrow(`found ${length} bytes, expected 32`);
      expect(() => checkDataDirectory(directory)).toThrow(/Put it back from a backup/);
      expect(readFileSync(directory.tokenKey)).toHaveLength(length);
    },
  );
});

test('the PIN key is made once, for its owner only, and is another', () => {
  const directory = dataDirectoryAt(folder);
  const key = readOrMakePinKey(directory);
  expect(statSync(directory.pinKey).mode & 0o777).toBe(0o600);
  expect(readOrMakePinKey(directory)).toEqual(key);
  expect(readOrMakeTokenKey(directory)).not.toEqual(key);
});
