import { MOST_SECONDS } from '../control/control-messages.ts';
import { readInstant } from '../policy/asking/instant.ts';

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30m`, `2h`, `7d`: so many milliseconds. */
export function readSpan(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(count) * (units[unit] ?? 0);
}

/** How long something is to last from now on, in milliseconds: a second at least, and not beyond any sense. */
export function readTerm(text: string): number | undefined {
  const ms = readSpan(text) ?? 0;
  return ms >= 1000 && ms <= MOST_SECONDS * 1000 ? ms : undefined;
}
export const termForm = `a time such as 30m, 2h or 7d, at most ${MOST_SECONDS / 86_400}d`;

/** A moment, or so long before now: `2h`, `2026-11-28 03:00`. */
export function readMoment(text: string, now: number): number | undefined {
  const ago = readSpan(text);
  return ago === undefined ? readInstant(text, 'UTC') : now - ago;
}
