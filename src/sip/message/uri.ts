import { Kind, skip } from './characters.ts';
import { endOfName } from './name-address.ts';

/** A `sip:` or `sips:` URI taken apart. Parts are as written: escapes are not undone (RFC 3261 §19.1.2). */
export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** Empty when there is none; without a password. */
  readonly user: string;
  /** Lower case; IPv6 in its brackets. */
  readonly host: string;
  readonly port: number | undefined;
  /** `;name=value…` with its leading semicolon, or empty. */
  readonly parameters: string;
  /** `?name=value…` with its question mark, or empty. */
  readonly headers: string;
}

const COLON = 58;
const SEMICOLON = 59;
const EQUALS = 61;
const QUESTION = 63;
const OPEN_BRACKET = 91;

/** A power of two, and few: each may hold on to the message that it was cut from. */
const RECENT = 64;
const recentTexts: string[] = new Array(RECENT).fill('');
const recentUris: (SipUri | undefined)[] = new Array(RECENT).fill(undefined);

/**
 * RFC 3261 §19.1; undefined for another scheme or a broken one. Who asks about a request asks for the same URIs again and
 * again, and messages of one call name the same ones: the last ones are remembered.
 */
export function parseUri(text: string): SipUri | undefined {
  const { length } = text;
  const place =
    (length * 5 + text.charCodeAt(length >> 1) * 3 + text.charCodeAt(length - 1)) & (RECENT - 1);
  if (recentTexts[place] === text) return recentUris[place];
  const uri = readUri(text);
  recentTexts[place] = text;
  recentUris[place] = uri;
  return uri;
}

function readUri(text: string): SipUri | undefined {
  const { length } = text;
  const secure = (text.charCodeAt(3) | 32) === 115;
  const start = secure ? 5 : 4;
  if (text.charCodeAt(start - 1) !== COLON || !isSip(text)) return undefined;
  if (skip(text, start, length, Kind.uri) !== length) return undefined;

  const userEnd = text.indexOf('@', start);
  const hostStart = userEnd < 0 ? start : userEnd + 1;
  let at = hostStart;
  if (text.charCodeAt(at) === OPEN_BRACKET) {
    at = text.indexOf(']', at) + 1;
    if (at === 0 || !/^\[[0-9A-Fa-f:.]+\]$/.test(text.slice(hostStart, at))) return undefined;
  } else at = skip(text, at, length, Kind.host);
  if (at === hostStart) return undefined;
  const hostEnd = at;

  let port: number | undefined;
  if (text.charCodeAt(at) === COLON) {
    const digits = at + 1;
    port = 0;
    for (at = digits; at < length && at - digits < 6; at++) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) break;
      port = port * 10 + digit;
    }
    if (port === 0 || port > 65_535) return undefined;
  }
  const parametersStart = at;
  let headersStart = length;
  if (at < length) {
    const c = text.charCodeAt(at);
    if (c !== SEMICOLON && c !== QUESTION) return undefined;
    const question = text.indexOf('?', at);
    if (question >= 0) headersStart = question;
  }
  const user = userEnd < 0 ? '' : text.slice(start, userEnd);
  const password = user.indexOf(':');
  return {
    scheme: secure ? 'sips' : 'sip',
    user: password < 0 ? user : user.slice(0, password),
    host: lowerCase(text.slice(hostStart, hostEnd)),
    port,
    parameters: text.slice(parametersStart, headersStart),
    headers: text.slice(headersStart),
  };
}

/** Most hosts are written so already, which is quicker to see than to do. */
function lowerCase(host: string): string {
  for (let at = 0; at < host.length; at++) {
    const c = host.charCodeAt(at);
    if (c >= 65 && c <= 90) return host.toLowerCase();
  }
  return host;
}

/** Does it ask for TLS on every hop (RFC 5630)? Cheap, and no check of the rest. */
export const isSips = (uri: string): boolean =>
  (uri.charCodeAt(3) | 32) === 115 && uri.charCodeAt(4) === COLON && isSip(uri);

const isSip = (text: string): boolean =>
  (text.charCodeAt(0) | 32) === 115 &&
  (text.charCodeAt(1) | 32) === 105 &&
  (text.charCodeAt(2) | 32) === 112;

/** A parameter's value (empty for one without), undefined when absent. The (lower-case) name is matched whole, in any case. */
export function uriParameter(parameters: string, name: string): string | undefined {
  for (let at = parameters.indexOf(';'); at >= 0; at = parameters.indexOf(';', at + 1)) {
    const after = endOfName(parameters, at + 1, name);
    if (after < 0) continue;
    if (after === parameters.length) return '';
    const c = parameters.charCodeAt(after);
    if (c === SEMICOLON) return '';
    if (c === EQUALS) {
      const end = parameters.indexOf(';', after);
      return parameters.slice(after + 1, end < 0 ? parameters.length : end);
    }
  }
  return undefined;
}

/** The host without the brackets of an IPv6 one. */
export const bareHost = (host: string): string => (host.startsWith('[') ? host.slice(1, -1) : host);

/** The host as it stands in a URI: an IPv6 address in brackets. */
export const uriHost = (address: string): string =>
  address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
