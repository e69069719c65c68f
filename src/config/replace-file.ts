import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whole or not at all: whoever reads meanwhile, or after a crash, finds the old file or the new one. It is whose the old
 * one was: root changes what a gate reads that is not root's.
 */
export function replaceFile(path: string, text: string): void {
  const file = realpathSync(path);
  const before = statSync(file);
  put(file, Buffer.from(text), before.mode & 0o777, before);
}

/** The same for a file that need not be there. It is whose the folder is. */
export function writeWhole(file: string, content: Uint8Array, mode: number): void {
  put(file, content, mode, statSync(dirname(file)));
}

function put(file: string, content: Uint8Array, mode: number, owner: Owner): void {
  const begun = `${file}.new`;
  rmSync(begun, { force: true });
  const descriptor = openSync(begun, 'wx', 0o600);
  try {
    handTo(descriptor, owner);
    // not by openSync: the umask is for what is new
    fchmodSync(descriptor, mode);
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

/** Only root gives files away; whoever else may replace one keeps at least the group, where he is in it. */
function handTo(descriptor: number, { uid, gid }: Owner): void {
  const own = fstatSync(descriptor);
  const steps: readonly Owner[] = [
    { uid: own.uid, gid },
    { uid, gid },
  ];
  for (const step of steps) {
    if (step.uid === own.uid && step.gid === own.gid) continue;
    try {
      fchownSync(descriptor, step.uid, step.gid);
    } catch {
      return; // it is ours, as what we make is
    }
  }
}
