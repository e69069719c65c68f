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
