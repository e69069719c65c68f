import { parseNameAddress } from '../sip/message/name-address.ts';
import { parseUri } from '../sip/message/uri.ts';

const SEMICOLON = 59;
/** No emergency number is longer, its outside prefix and the dots people write included. */
const MOST_EMERGENCY = 24;

/** The user part of a From, To or other address, escapes undone; empty when there is none. */
export function userOf(address: string | undefined): string {
  const uri = address === undefined ? undefined : parseNameAddress(address)?.uri;
  return uri === undefined ? '' : userOfUri(uri);
}

/** The same where it matters whether it can be read at all: undefined when it cannot. */
export function userIn(address: string): string | undefined {
  const uri = parseNameAddress(address)?.uri;
  return uri === undefined || !isReadable(uri) ? undefined : userOfUri(uri);
}

const isReadable = (uri: string): boolean => isTel(uri) || parseUri(uri) !== undefined;
const isTel = (uri: string): boolean => (uri.charCodeAt(0) | 32) === 116 && /^tel:/i.test(uri); // a `t`, which `sip:` has none of

/** `sip:`, `sips:` and `tel:` alike: whoever judges by the user part must not be gone around by another scheme. */
export const userOfUri = (uri: string): string => nameIn(dialledIn(uri));

/**
 * Who a user part means: `%31001` is 1001, and so is `1001;x=y` to a PBX that drops parameters (RFC 3261 §19.1.6), and
 * `1001%00x` to one for which a text ends there, as to Asterisk. It would else know an extension by a name that no rule knows.
 */
export function nameIn(user: string): string {
  const plain = unescaped(user);
  for (let at = 0; at < plain.length; at++) {
    const code = plain.charCodeAt(at);
    if (code === SEMICOLON || code === 0) return plain.slice(0, at);
  }
  return plain;
}

/** A name as it stands in a URI: what it was read from had escapes, maybe a line's end as one. */
export const escapedName = (name: string): string =>
  name.replace(
    /[^\w.!~*'()&=+$,/-]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );

/** As written: whoever reads numbers undoes escapes and takes parameters off itself, once. */
export const dialledIn = (uri: string): string =>
  isTel(uri) ? uri.slice(4) : (parseUri(uri)?.user ?? '');

/** Must it be read whether this is an emergency number? Most numbers are longer. */
export const mayBeEmergency = (dialled: string): boolean =>
  nameIn(dialled).length <= MOST_EMERGENCY;

/** Might somebody be called by it? What PBXs call themselves by, `asterisk` or nothing at all, has no digit anywhere. */
export const namesANumber = (uri: string): boolean => /\d/.test(unescaped(dialledIn(uri)));

/** RFC 3261 §19.1.2: `%31001` is 1001. What is no escape stays as it is. */
export function unescaped(user: string): string {
  if (!user.includes('%')) return user;
  return user.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
