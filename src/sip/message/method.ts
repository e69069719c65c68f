const known = [
  'REGISTER',
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'INFO',
  'MESSAGE',
  'NOTIFY',
  'PRACK',
  'PUBLISH',
  'REFER',
  'SUBSCRIBE',
  'UPDATE',
];

/** By length and first letter: no two of them share a place. */
const places: (string | undefined)[] = new Array(16 * 32).fill(undefined);
const placeOf = (length: number, first: number): number => (length << 5) | (first & 31);
for (const method of known) places[placeOf(method.length, method.charCodeAt(0))] = method;

/** The method that stands there. One that is known is always the same string, quick to compare and to look up. */
export function methodAt(wire: string, start: number, end: number): string {
  const length = end - start;
  const usual = length < 16 ? places[placeOf(length, wire.charCodeAt(start))] : undefined;
  return usual !== undefined && wire.startsWith(usual, start) ? usual : wire.slice(start, end);
}

/**
 * A method that we know, in other letters. To RFC 3261 §7.1 that is a method nobody knows, which opens no call; Asterisk
 * takes `invite` for INVITE, and would call whomever our rules were not asked about.
 */
export function isKnownInOtherLetters(method: string): boolean {
  const known =
    method.length < 16 ? places[placeOf(method.length, method.charCodeAt(0))] : undefined;
  return known !== undefined && known !== method && known === method.toUpperCase();
}
