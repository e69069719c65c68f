import { endOfQuoted, isKind, Kind, skip } from './characters.ts';

const COMMA = 44;
const EQUALS = 61;
const QUOTE = 34;

/** Where a parameter stands: from its name to the end of its value. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

/**
 * Every value that a parameter has in digest credentials or a digest challenge (RFC 7616 §3.3, §3.4), quotes and
 * escapes undone; none when it is not Digest. More than one is a trick: what reads the first can be told otherwise than
 * what reads the last. Linear in the text.
 */
export const digestParameters = (value: string, name: string): readonly string[] =>
  placesOf(value, name).map((place) => place.value);

/** The first of them. */
export const digestParameter = (value: string, name: string): string | undefined =>
  placesOf(value, name)[0]?.value;

/** The same with another value of that parameter, in quotes; without the parameter when there is none. */
export function withDigestParameter(
  value: string,
  name: string,
  wanted: string | undefined,
): string {
  const [place] = placesOf(value, name);
  const text = wanted === undefined ? '' : `${name}="${wanted.replace(/["\\]/g, '\\$&')}"`;
  if (place === undefined) return text === '' ? value : `${value}, ${text}`;
  if (text !== '') return value.slice(0, place.start) + text + value.slice(place.end);
  const comma = value.indexOf(',', place.end);
  if (comma >= 0) return value.slice(0, place.start) + value.slice(comma + 1).trimStart();
  return value.slice(0, place.start).replace(/,\s*$/, '');
}

function placesOf(value: string, name: string): Place[] {
  const found: Place[] = [];
  const end = value.length;
  let at = afterScheme(value);
  if (at < 0) return found;
  while (at < end) {
    const start = skip(value, at, end, Kind.blank);
    if (value.charCodeAt(start) === COMMA) {
      at = start + 1;
      continue;
    }
    const nameEnd = skip(value, start, end, Kind.token);
    let next = skip(value, nameEnd, end, Kind.blank);
    if (value.charCodeAt(next) === EQUALS) {
      next = skip(value, next + 1, end, Kind.blank);
      const quoted = value.charCodeAt(next) === QUOTE;
      const valueEnd = quoted ? endOfQuoted(value, next, end) : endOfBare(value, next, end);
      if (valueEnd < 0) return found;
      if (isNamed(value, start, nameEnd, name))
        found.push({
          start,
          end: valueEnd,
          value: quoted ? unquoted(value, next + 1, valueEnd - 1) : value.slice(next, valueEnd),
        });
      next = valueEnd;
    }
    at = afterComma(value, next, end);
  }
  return found;
}

/** Where the parameters begin; -1 when this is another scheme, or none. */
function afterScheme(value: string): number {
  const isDigest = isNamed(value, 0, 6, 'digest') && isKind(value.charCodeAt(6), Kind.blank);
  return isDigest ? 7 : -1;
}

function isNamed(text: string, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let at = 0; at < name.length; at++) {
    const c = text.charCodeAt(start + at);
    if ((c >= 65 && c <= 90 ? c | 32 : c) !== name.charCodeAt(at)) return false;
  }
  return true;
}

function endOfBare(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && text.charCodeAt(at) !== COMMA && !isKind(text.charCodeAt(at), Kind.blank))
    at++;
  return at;
}

/** Behind the next comma outside quotes. */
function afterComma(text: string, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const c = text.charCodeAt(at);
    if (c === COMMA) return at + 1;
    if (c === QUOTE) {
      at = endOfQuoted(text, at, end) - 1;
      if (at < 0) return end;
    }
  }
  return end;
}

function unquoted(text: string, from: number, to: number): string {
  const inside = text.slice(from, to);
  return inside.includes('\\') ? inside.replace(/\\([\s\S])/g, '$1') : inside;
}
