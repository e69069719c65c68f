import type { EventLoopLag } from '../../data/gate-stats.ts';

/** The system says it in a file, which cannot be opened while there are too many; all else is known still. */
export function residentBytes(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    return undefined;
  }
}

/** Of all its threads. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

export const inSeconds = (lag: EventLoopLag | undefined) =>
  lag && { mean: lag.mean / 1000, p99: lag.p99 / 1000, max: lag.max / 1000 };
