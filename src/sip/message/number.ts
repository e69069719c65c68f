const SPACE = 32;

/** A decimal number that fills the range but for blanks around it; -1 for anything else, or past 2^31. */
export function readNumber(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && text.charCodeAt(last - 1) <= SPACE) last--;
  if (last === start || last - start > 10) return -1;
  let number = 0;
  for (let at = start; at < last; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number > 2_147_483_647 ? -1 : number;
}
