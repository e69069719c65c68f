/** Seconds that a registration may last. */
export interface ExpiryBounds {
  readonly least: number;
  readonly most: number;
}

/** 0 ends a registration, and stays. */
export function bounded(seconds: number, bounds: ExpiryBounds | undefined): number {
  if (bounds === undefined || seconds === 0) return seconds;
  return Math.min(bounds.most, Math.max(bounds.least, seconds));
}

/** The parameters of a Contact with this `expires` in place of what they say. */
export const withExpires = (parameters: string, seconds: number): string =>
  `${parameters.replace(/;\s*expires\s*=\s*[^;]*/i, '')};expires=${seconds}`;

const MOST_DIGITS = 10;

/** Undefined where it says none, or more than anybody means. */
export function seconds(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text.length > MOST_DIGITS) return undefined;
  let number = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number;
}
