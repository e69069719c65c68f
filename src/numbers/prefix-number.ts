/** The prefix of no digits. It keeps the zeros behind it apart: 06 is 106, and 6 is 16. */
export const EMPTY_PREFIX = 1;

/**
 * A prefix with one digit more, that at this place of `digits`. As a number a prefix is looked up without a text being cut
 * out and hashed for it; fifteen digits, the most that E.164 has, are exact.
 */
export const longerPrefix = (prefix: number, digits: string, at: number): number =>
  prefix * 10 + digits.charCodeAt(at) - 48;

/** All of these digits as a prefix. */
export function prefixNumber(digits: string): number {
  let prefix = EMPTY_PREFIX;
  for (let at = 0; at < digits.length; at++) prefix = longerPrefix(prefix, digits, at);
  return prefix;
}
