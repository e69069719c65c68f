/** What a head says about its body: its length in bytes, or why that cannot be known. */
export type BodyLength = number | 'content-length' | 'content-length-missing';

const TAB = 9;
const SPACE = 32;
const COLON = 58;
/** More digits than this are not a length anyone means. */
const MOST_DIGITS = 10;

/**
 * Reads Content-Length (RFC 3261 §20.14) out of a head, its blank line included. Several that agree are
 * one; several that differ are how messages are smuggled past a proxy, so they are an error.
 */
export function bodyLength(head: string): BodyLength {
  let length = -1;
  let line = head.indexOf('\r\n') + 2;
  while (line >= 2 && line < head.length) {
    const value = startOfValue(head, line);
    let next = head.indexOf('\r\n', line) + 2;
    if (value !== -1) {
      // A folded value goes on in the next line (RFC 3261 §7.3.1).
      while (next >= 2 && isBlank(head.charCodeAt(next))) next = head.indexOf('\r\n', next) + 2;
      const found = toLength(head.slice(value, next < 2 ? head.length : next - 2));
      if (found === undefined || (length !== -1 && found !== length)) return 'content-length';
      length = found;
    }
    if (next < 2) break;
    line = next;
  }
  return length === -1 ? 'content-length-missing' : length;
}

/** Where the value of a Content-Length line starts, or -1 when the line is another header's. */
function startOfValue(head: string, line: number): number {
  const first = head.charCodeAt(line) | 32;
  let at = line;
  if (first === 99 /* c */) {
    if (head.charCodeAt(line + 7) !== 45 /* - */) return -1;
    if (head.slice(line, line + 14).toLowerCase() !== 'content-length') return -1;
    at += 14;
  } else if (first === 108 /* l */) at += 1;
  else return -1;
  while (isBlank(head.charCodeAt(at))) at += 1;
  return head.charCodeAt(at) === COLON ? at + 1 : -1;
}

function toLength(value: string): number | undefined {
  const text = value.replace(/\r\n[ \t]/g, ' ').trim();
  return /^\d+$/.test(text) && text.length <= MOST_DIGITS ? Number(text) : undefined;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
