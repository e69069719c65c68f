/** What a byte may be part of: one look-up in `kinds` in place of a chain of comparisons. */
export const Kind = {
  /** RFC 3261 §25.1 `token`: methods, header names, parameter names. */
  token: 1,
  /** Blanks of a header value: SP, HTAB, and the CR and LF of a fold. */
  blank: 2,
  /** Whatever is neither a control character nor a blank: bytes above 127 included. */
  visible: 4,
  /** Anything a parser cannot mistake in a URI: `visible` without quotes and angle brackets. */
  uri: 8,
  /** The same for a display name without quotes; it cannot hold what ends it or looks like a scheme. */
  display: 16,
  /** The same for a header parameter outside quotes. */
  parameter: 32,
  /** RFC 3261 §25.1 `scheme`. */
  scheme: 64,
  /** Host names and IPv4 addresses; the underscore that no host name should have is met in the wild. */
  host: 128,
} as const;

const kinds = new Uint8Array(256);
for (let c = 33; c < 256; c++) {
  if (c === 127) continue;
  const char = String.fromCharCode(c);
  let kind: number = Kind.visible;
  if (/[\w.!%*+`'~-]/.test(char)) kind |= Kind.token;
  if (/[A-Za-z0-9+.-]/.test(char)) kind |= Kind.scheme;
  if (/[\w.-]/.test(char)) kind |= Kind.host;
  if (!'"<>'.includes(char)) kind |= Kind.uri;
  if (!'"<>,;:'.includes(char)) kind |= Kind.display;
  if (!'"<>,'.includes(char)) kind |= Kind.parameter;
  kinds[c] = kind;
}
for (const blank of '\t\n\r ') kinds[blank.charCodeAt(0)] = Kind.blank;

export const isKind = (c: number, kind: number): boolean => ((kinds[c] ?? 0) & kind) !== 0;

/** Where the run of bytes of these kinds that starts at `from` ends. */
export function skip(text: string, from: number, end: number, kind: number): number {
  let at = from;
  while (at < end && ((kinds[text.charCodeAt(at)] ?? 0) & kind) !== 0) at++;
  return at;
}

/** Where the quoted string whose opening quote is at `open` ends: behind its closing quote, or -1. */
export function endOfQuoted(text: string, open: number, end: number): number {
  for (let at = open + 1; at < end; at++) {
    const c = text.charCodeAt(at);
    if (c === 92) at++;
    else if (c === 34) return at + 1;
  }
  return -1;
}

/** Without blanks at both ends. `trim` would also take the byte 0xA0, which ends many a UTF-8 letter. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isKind(text.charCodeAt(start), Kind.blank)) start++;
  while (end > start && isKind(text.charCodeAt(end - 1), Kind.blank)) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}
