import { endOfQuoted, isKind, Kind, skip, trimBlanks } from './characters.ts';

/** A `name-addr` or `addr-spec` with its header parameters: From, To, Contact, Route and their like. */
export interface NameAddress {
  /** As written, quotes included; empty when absent. */
  readonly display: string;
  readonly uri: string;
  /** `;name=value…` after the URI, with its leading semicolon, or empty. These are the header's, not the URI's. */
  readonly parameters: string;
}

const QUOTE = 34;
const SEMICOLON = 59;
const EQUALS = 61;

/** RFC 3261 §20.10: without angle brackets, what follows a semicolon belongs to the header. */
export function parseNameAddress(value: string): NameAddress | undefined {
  const open = openBracket(value);
  if (open === -2) return undefined;
  if (open < 0) {
    const semicolon = value.indexOf(';');
    const uri = trimBlanks(semicolon < 0 ? value : value.slice(0, semicolon));
    if (uri === '' || /[\s"<>,?]/.test(uri)) return undefined;
    return {
      display: '',
      uri,
      parameters: semicolon < 0 ? '' : trimBlanks(value.slice(semicolon)),
    };
  }
  const close = value.indexOf('>', open);
  if (close < 0) return undefined;
  const parameters = trimBlanks(value.slice(close + 1));
  if (parameters !== '' && !parameters.startsWith(';')) return undefined;
  return {
    display: trimBlanks(value.slice(0, open)),
    uri: value.slice(open + 1, close),
    parameters,
  };
}

/** Where the `<` of the URI is: -1 when there is none, -2 when a quoted display name never ends. */
function openBracket(value: string): number {
  const quoted = value.charCodeAt(0) === QUOTE;
  const from = quoted ? endOfQuoted(value, 0, value.length) : 0;
  if (from < 0) return -2;
  const open = value.indexOf('<', from);
  if (quoted) return open < 0 ? -2 : open;
  if (open < 0) return -1;
  const semicolon = value.indexOf(';');
  return semicolon >= 0 && semicolon < open ? -1 : open; // a `<` in a parameter of an addr-spec
}

/** Where the header parameters of a name-addr or addr-spec begin, or a little before; -1 when there are none. */
export function parametersFrom(value: string): number {
  const open = openBracket(value);
  if (open === -2) return -1;
  return open < 0 ? value.indexOf(';') : value.indexOf('>', open);
}

/** A header parameter's value, unquoted; empty for one without; undefined when absent. In any case. */
export function headerParameter(parameters: string, name: string): string | undefined {
  if (parameters === '') return undefined;
  return unquoted(parameterAt(parameters, 0, name.toLowerCase()));
}

function unquoted(value: string | undefined): string | undefined {
  if (value?.charCodeAt(0) !== QUOTE) return value;
  const inside = value.slice(1, -1);
  return inside.includes('\\') ? inside.replace(/\\([\s\S])/g, '$1') : inside;
}

/** The same of several (lower-case) names at once: one way through the text in place of one for each. */
export function headerParameters(
  parameters: string,
  names: readonly string[],
): readonly (string | undefined)[] {
  const values: (string | undefined)[] = names.map(() => undefined);
  const end = parameters.length;
  for (let at = 0; at < end; at++) {
    const c = parameters.charCodeAt(at);
    if (c === QUOTE) {
      at = endOfQuoted(parameters, at, end) - 1;
      if (at < 0) break;
    } else if (c === SEMICOLON) {
      const start = skip(parameters, at + 1, end, Kind.blank);
      for (let index = 0; index < names.length; index++)
        values[index] ??= parameterFrom(parameters, start, end, names[index] ?? '');
    }
  }
  return values.map(unquoted);
}

/** The value as written of the first parameter with this (lower-case) name at or after `from`. Linear in the text. */
export function parameterAt(text: string, from: number, name: string): string | undefined {
  const end = text.length;
  for (let at = from; at < end; at++) {
    const c = text.charCodeAt(at);
    if (c === QUOTE) {
      at = endOfQuoted(text, at, end) - 1;
      if (at < 0) return undefined;
    } else if (c === SEMICOLON) {
      const value = parameterFrom(text, skip(text, at + 1, end, Kind.blank), end, name);
      if (value !== undefined) return value;
    }
  }
  return undefined;
}

/** Its value when it is this parameter that starts there. */
function parameterFrom(text: string, start: number, end: number, name: string): string | undefined {
  const after = endOfName(text, start, name);
  if (after < 0) return undefined;
  const next = skip(text, after, end, Kind.blank);
  if (next === end || text.charCodeAt(next) === SEMICOLON) return '';
  return text.charCodeAt(next) === EQUALS
    ? valueAt(text, skip(text, next + 1, end, Kind.blank))
    : undefined;
}

/** Where this (lower-case) name, written in any case, ends when it stands at `start`; -1 when it does not. */
export function endOfName(text: string, start: number, name: string): number {
  const end = start + name.length;
  if (end > text.length) return -1;
  for (let at = 0; at < name.length; at++) {
    const c = text.charCodeAt(start + at);
    const lower = c >= 65 && c <= 90 ? c | 32 : c;
    if (lower !== name.charCodeAt(at)) return -1;
  }
  return end;
}

function valueAt(text: string, start: number): string | undefined {
  if (text.charCodeAt(start) === QUOTE) {
    const end = endOfQuoted(text, start, text.length);
    return end < 0 ? undefined : text.slice(start, end);
  }
  let end = start;
  while (
    end < text.length &&
    text.charCodeAt(end) !== SEMICOLON &&
    !isKind(text.charCodeAt(end), Kind.blank)
  )
    end++;
  return text.slice(start, end);
}
