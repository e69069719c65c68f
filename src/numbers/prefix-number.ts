/** The prefix of no digits. It keeps the zeros behind it apart: 06 is 106, and 6 is 16. */
export const EMPTY_PREFIX = 1;

/**
 * A prefix with one digit more, that at this place of `text`. As a number a prefix is looked up without a text being cut
 * out and hashed for it; fifteen digits, the most that E.164 has, are exact. With anything but digits it is `NaN`: else
 * `5*` would be 44.
 */
export function longerPrefix(prefix: number, text: string, at: number): number {
  const digit = text.charCodeAt(at) - 48;
  return digit >= 0 && digit <= 9 ? prefix * 10 + digit : Number.NaN;
}

/** All of these digits as a prefix. */
export function prefixNumber(digits: string): number {
  let prefix = EMPTY_PREFIX;
  for (let at = 0; at < digits.length; at++) prefix = longerPrefix(prefix, digits, at);
  return prefix;
}
