import { z } from 'zod';
import type { Counters } from './counters.ts';

/** Over minutes, hours and a day: whoever guesses slowly enough for one of them is seen by another. */
export const spreadWindows = { tenMinutes: 600, hour: 3600, day: 86_400 } as const;
export type Window = keyof typeof spreadWindows;
export type SpreadLimits = Readonly<Record<Window, number>>;

/** Options with a limit for each window. */
export const spreadOptions = (standard: SpreadLimits, what: string) => ({
  tenMinutes: z
    .int()
    .min(2)
    .max(10_000)
    .default(standard.tenMinutes)
    .describe(`${what} within ten minutes`),
  hour: z.int().min(2).max(10_000).default(standard.hour).describe(`${what} within an hour`),
  day: z.int().min(2).max(10_000).default(standard.day).describe(`${what} within a day`),
});

/** The first window, of some in order of length, whose limit is reached. */
export function spreadOver(
  counters: Pick<Counters, 'distinct'>,
  key: string,
  limits: SpreadLimits,
  windows: readonly Window[],
  at: number,
): Window | undefined {
  const longest = windows.at(-1);
  if (longest === undefined) return undefined;
  // the longest sees all that the others see: nearly always it alone is asked
  const most = counters.distinct(key, spreadWindows[longest], at);
  if (windows.every((window) => most < limits[window])) return undefined;
  return windows.find(
    (window) => counters.distinct(key, spreadWindows[window], at) >= limits[window],
  );
}

export const allWindows = ['tenMinutes', 'hour', 'day'] as const;

/** `3 within 600 s, …` */
export const spreadSeen = (counters: Counters, key: string, at: number): string =>
  allWindows
    .map(
      (window) =>
        `${counters.distinct(key, spreadWindows[window], at)} within ${spreadWindows[window]} s`,
    )
    .join(', ');
