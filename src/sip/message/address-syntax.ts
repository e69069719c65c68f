import { endOfQuoted, Kind, skip } from './characters.ts';

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const SEMICOLON = 59;
const OPEN = 60;
const CLOSE = 62;
const QUESTION = 63;

/**
 * Where the `name-addr` or `addr-spec` that starts at `start` ends, header parameters included: at a comma or at
 * `end`; -1 when it is malformed. It reads in place and looks at each byte once.
 *
 * Stricter than a reader has to be wherever two readers could disagree (RFC 4475 §3.1.2.6, .13 to .15: quotes
 * that never end, a comma in a bare display name, blanks in a URI, `?` without brackets), and looser where they
 * cannot: phones do send UTF-8 and parentheses in display names without quotes.
 */
export function endOfAddress(wire: string, start: number, end: number): number {
  let at: number;
  if (wire.charCodeAt(start) === QUOTE) {
    at = endOfQuoted(wire, start, end);
    if (at < 0) return -1;
    at = skip(wire, at, end, Kind.blank);
  } else at = skip(wire, start, end, Kind.display | Kind.blank);
  if (at >= end) return -1;
  const c = wire.charCodeAt(at);
  if (c === OPEN) {
    at = skip(wire, at + 1, end, Kind.scheme);
    if (wire.charCodeAt(at) !== COLON || wire.charCodeAt(at - 1) === OPEN) return -1;
    const opaque = at + 1;
    at = skip(wire, opaque, end, Kind.uri);
    if (at === opaque || at >= end || wire.charCodeAt(at) !== CLOSE) return -1;
    return endOfParameters(wire, at + 1, end);
  }
  if (c !== COLON || at === start || skip(wire, start, at, Kind.scheme) !== at) return -1;
  return endOfBareUri(wire, at + 1, end);
}

/** Without brackets a `;` starts the header's parameters, and neither `,` nor `?` may stand in the URI (RFC 3261 §20). */
function endOfBareUri(wire: string, start: number, end: number): number {
  const stop = skip(wire, start, end, Kind.uri);
  for (let at = start; at < stop; at++) {
    const c = wire.charCodeAt(at);
    if (c === QUESTION) return -1;
    if (c === SEMICOLON || c === COMMA) return at === start ? -1 : endOfParameters(wire, at, end);
  }
  return stop === start ? -1 : endOfParameters(wire, stop, end);
}

function endOfParameters(wire: string, start: number, end: number): number {
  let at = skip(wire, start, end, Kind.blank);
  if (at === end || wire.charCodeAt(at) === COMMA) return at;
  if (wire.charCodeAt(at) !== SEMICOLON) return -1;
  for (;;) {
    at = skip(wire, at, end, Kind.parameter | Kind.blank);
    if (at === end || wire.charCodeAt(at) === COMMA) return at;
    if (wire.charCodeAt(at) !== QUOTE) return -1;
    at = endOfQuoted(wire, at, end);
    if (at < 0) return -1;
  }
}
