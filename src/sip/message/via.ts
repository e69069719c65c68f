import { isKind, Kind, skip, trimBlanks } from './characters.ts';
import { endOfElement } from './list.ts';
import { endOfName } from './name-address.ts';
import { readNumber } from './number.ts';

/** One Via value, with the places in the message where a proxy or server must write. */
export interface Via {
  readonly host: string;
  /** Undefined when the value names none. */
  readonly port: number | undefined;
  /** Empty for an RFC 2543 client. */
  readonly branch: string;
  /** Whether `rport` stands there, with or without a value (RFC 3581). */
  readonly rport: boolean;
  /** Where this value starts in the message and where it ends (its comma, or the end of the line). */
  readonly start: number;
  readonly end: number;
  /** Where `rport` and `received` stand with their semicolons, `-1` when they do not. */
  readonly rportStart: number;
  readonly rportEnd: number;
  readonly receivedStart: number;
  readonly receivedEnd: number;
}

const EQUALS = 61;

const SEMICOLON = 59;
const COLON = 58;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const USUAL = 'SIP/2.0/';
const LONGEST_PORT = 5;

const tolerant =
  /^SIP\s*\/\s*\d\.\d\s*\/\s*[\w.!%*+`'~-]+\s+([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.%A-Za-z]+\])(?:\s*:\s*(\d{1,5}))?\s*(;|$)/i;

/**
 * RFC 3261 §20.42, RFC 3581, of any SIP version: who speaks another is told so where the Via says. Reads the first value of the line; undefined when it is
 * not one.
 */
export function parseVia(wire: string, start: number, lineEnd: number): Via | undefined {
  return usualVia(wire, start, lineEnd) ?? anyVia(wire, start, lineEnd);
}

/** As nearly everybody writes it, read in place: one blank, a host name or IPv4 address, nothing quoted. */
function usualVia(wire: string, start: number, lineEnd: number): Via | undefined {
  if (!wire.startsWith(USUAL, start)) return undefined;
  const transportStart = start + USUAL.length;
  const transportEnd = skip(wire, transportStart, lineEnd, Kind.scheme);
  if (transportEnd === transportStart || wire.charCodeAt(transportEnd) !== SPACE) return undefined;
  const hostStart = transportEnd + 1;
  const hostEnd = skip(wire, hostStart, lineEnd, Kind.host);
  if (hostEnd === hostStart) return undefined;

  let at = hostEnd;
  let port: number | undefined;
  if (at < lineEnd && wire.charCodeAt(at) === COLON) {
    at = skip(wire, at + 1, lineEnd, Kind.token);
    if (at - hostEnd - 1 > LONGEST_PORT) return undefined;
    port = readNumber(wire, hostEnd + 1, at);
    if (port <= 0 || port > 65_535) return undefined;
  }

  let branch = '';
  let rport = false;
  let rportStart = -1;
  let rportEnd = -1;
  let receivedStart = -1;
  let receivedEnd = -1;
  while (at < lineEnd) {
    if (wire.charCodeAt(at) !== SEMICOLON) return undefined;
    const parameter = at;
    const name = at + 1;
    const nameEnd = skip(wire, name, lineEnd, Kind.token);
    if (nameEnd === name) return undefined;
    at = nameEnd;
    let value = nameEnd;
    if (at < lineEnd && wire.charCodeAt(at) === EQUALS) {
      value = at + 1;
      at = value;
      for (; at < lineEnd; at++) {
        const c = wire.charCodeAt(at);
        if (c === SEMICOLON) break;
        if (c <= SPACE || c === QUOTE || c === COMMA) return undefined;
      }
    }
    if (endOfName(wire, name, 'branch') === nameEnd) branch = wire.slice(value, at);
    else if (endOfName(wire, name, 'rport') === nameEnd) {
      rport = true;
      rportStart = parameter;
      rportEnd = at;
    } else if (endOfName(wire, name, 'received') === nameEnd) {
      receivedStart = parameter;
      receivedEnd = at;
    }
  }
  return {
    host: wire.slice(hostStart, hostEnd),
    port,
    branch,
    rport,
    start,
    end: at,
    rportStart,
    rportEnd,
    receivedStart,
    receivedEnd,
  };
}

function anyVia(wire: string, start: number, lineEnd: number): Via | undefined {
  const end = endOfElement(wire, start, lineEnd);
  const raw = wire.slice(start, end);
  const text = raw.includes('\r')
    ? raw.replaceAll(/\r\n[ \t]+/g, (fold) => ' '.repeat(fold.length))
    : raw;
  const match = tolerant.exec(text);
  if (match === null) return undefined;
  const port = match[2] === undefined ? undefined : Number(match[2]);
  if (port !== undefined && (port > 65_535 || port === 0)) return undefined;
  const paramsAt = match[0].length - (match[3] ?? '').length;

  let branch = '';
  let rport = false;
  let rportStart = -1;
  let rportEnd = -1;
  let receivedStart = -1;
  let receivedEnd = -1;
  const quotes = text.includes('"');
  for (let at = text.indexOf(';', paramsAt); at >= 0; ) {
    const next = quotes ? nextParameter(text, at + 1) : text.indexOf(';', at + 1);
    const stop = next < 0 ? text.length : next;
    const name = skip(text, at + 1, stop, Kind.blank);
    let nameEnd = name;
    while (nameEnd < stop && text.charCodeAt(nameEnd) !== EQUALS) nameEnd++;
    const value = nameEnd === stop ? '' : trimBlanks(text.slice(nameEnd + 1, stop));
    while (nameEnd > name && isKind(text.charCodeAt(nameEnd - 1), Kind.blank)) nameEnd--;
    if (nameEnd === name) return undefined; // ";;", RFC 4475 §3.1.2.1
    if (endOfName(text, name, 'branch') === nameEnd) branch = value;
    else if (endOfName(text, name, 'rport') === nameEnd) {
      rport = true;
      rportStart = start + at;
      rportEnd = start + stop;
    } else if (endOfName(text, name, 'received') === nameEnd) {
      receivedStart = start + at;
      receivedEnd = start + stop;
    }
    at = next;
  }
  return {
    host: match[1] ?? '',
    port,
    branch,
    rport,
    start,
    end,
    rportStart,
    rportEnd,
    receivedStart,
    receivedEnd,
  };
}

/** The next `;` that is not inside a quoted string. */
function nextParameter(text: string, from: number): number {
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 92 && quoted) at++;
    else if (c === 34) quoted = !quoted;
    else if (c === 59 && !quoted) return at;
  }
  return -1;
}
