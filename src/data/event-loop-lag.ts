import type { monitorEventLoopDelay } from 'node:perf_hooks';
import type { EventLoopLag } from './gate-stats.ts';

/** The delay since the last look beyond the interval it is sampled at, and starts anew. */
export function readLag(
  delay: ReturnType<typeof monitorEventLoopDelay>,
  resolutionMs: number,
): EventLoopLag {
  const over = (nanoseconds: number): number =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e6 - resolutionMs) : 0;
  const lag = {
    mean: over(delay.mean),
    p99: over(delay.percentile(99)),
    max: delay.count === 0 ? 0 : over(delay.max),
  };
  delay.reset();
  return lag;
}
