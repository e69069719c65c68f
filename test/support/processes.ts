import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Does it live? One that is dead and not buried does not. */
export function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The gate that has this data directory now. */
export function processThere(data: string): number | undefined {
  try {
    return Number(readFileSync(join(data, 'gate.pid'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** The processes that it started, whichever of its threads did. */
export function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/**
 * Was this variable in the environment that its program was started with? Not so between fork and exec: whoever is stopped
 * there stops the process that started him, too, which waits for the exec.
 */
export function startedWith(pid: number, variable: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
      .split('\0')
      .some((one) => one.startsWith(`${variable}=`));
  } catch {
    return false;
  }
}
