import { readFileSync } from 'node:fs';

/** For files, the PBX's connections, those of programs, the lanes of sources that flood, and whoever asks for metrics. */
const FOR_THE_REST = 500;

/**
 * How many connections fit beside everything else that the process has to open, by what the system lets it have open:
 * strangers who take all there are must not keep it from its files. `limits` is the text of /proc/self/limits.
 */
export function roomForConnections(limits = ownLimits()): number {
  const [, most] = /^Max open files +(\d+) /m.exec(limits) ?? [];
  if (most === undefined) return Number.POSITIVE_INFINITY;
  return Number(most) - Math.min(FOR_THE_REST, Math.ceil(Number(most) / 2));
}

function ownLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return ''; // a system that does not say
  }
}
