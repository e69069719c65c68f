import { readInstant } from '../policy/asking/instant.ts';
import { flagText, type Given } from './command.ts';
import { complain } from './output.ts';

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30m`, `2h`, `7d`: so many milliseconds. */
export function readSpan(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(count) * (units[unit] ?? 0);
}

/** A moment, or so long before now: `2h`, `2026-11-28 03:00`. */
export function readMoment(text: string, now: number): number | undefined {
  const ago = readSpan(text);
  return ago === undefined ? readInstant(text, 'UTC') : now - ago;
}

/** The seconds that `--for` says, null without it; complains where it cannot be read. */
export function readFor(given: Given): number | null | undefined {
  const span = flagText(given, 'for');
  if (span === undefined) return null;
  const ms = readSpan(span);
  if (ms !== undefined && ms >= 1000) return Math.round(ms / 1000);
  complain(`--for: found ${span}, expected a time such as 30m, 2h or 7d`);
  return undefined;
}
