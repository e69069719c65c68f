import { isKind, Kind } from './characters.ts';

const ZERO = 48;

/** A decimal number that fills the range but for blanks after it, leading zeros or not; -1 for anything else, or past 2^31. */
export function readNumber(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && isKind(text.charCodeAt(last - 1), Kind.blank)) last--;
  if (last === start) return -1;
  let first = start;
  while (first < last - 1 && text.charCodeAt(first) === ZERO) first++;
  if (last - first > 10) return -1;
  let number = 0;
  for (let at = first; at < last; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number > 2_147_483_647 ? -1 : number;
}
