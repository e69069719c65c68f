/** Everything a keypad can send, and `+`. */
export const dialable = '0123456789*#+abcd';

const symbols = new Int8Array(128).fill(-1);
for (let symbol = 0; symbol < dialable.length; symbol++) {
  symbols[dialable.charCodeAt(symbol)] = symbol;
  symbols[dialable.toUpperCase().charCodeAt(symbol)] = symbol;
}

/** A character's place in `dialable`; below zero for a character that cannot be dialled. */
export function symbolOf(charCode: number): number {
  return symbols[charCode] ?? -1;
}

/** Are these decimal digits, one at least? */
export function isDigits(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return text !== '';
}
