import {
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

/** Whole or not at all: whoever reads meanwhile, or after a crash, finds the old file or the new one. */
export function replaceFile(path: string, text: string): void {
  const file = realpathSync(path);
  writeWhole(file, Buffer.from(text), statSync(file).mode & 0o777);
}

/** The same for a file that need not be there. */
export function writeWhole(file: string, content: Uint8Array, mode: number): void {
  const begun = `${file}.new`;
  rmSync(begun, { force: true });
  const descriptor = openSync(begun, 'wx', mode);
  try {
    // not writeSync: where a disk has room for a part it writes that, and says so by a number only
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(begun, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  renameSync(begun, file);
}
