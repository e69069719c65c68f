import { readFileSync, statSync } from 'node:fs';
import { mismatch } from './problem.ts';

/** It is neither file nor folder. */
export class NoPlainFile extends Error {
  readonly code = 'ENOTFILE';

  constructor() {
    super(mismatch('a pipe or device', 'a file'));
  }
}

/** Before it is opened: a pipe would never end, a device never be whole, and the gate would wait for either. */
export function mustBePlainFile(path: string): void {
  const stats = statSync(path);
  // of a folder the system says so itself
  if (!stats.isFile() && !stats.isDirectory()) throw new NoPlainFile();
}

/** The bytes of a file that settings name, or an operator. */
export function readPlainFile(path: string): Buffer {
  mustBePlainFile(path);
  return readFileSync(path);
}
