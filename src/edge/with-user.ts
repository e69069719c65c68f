import type { Dialled, DialledKind } from '../numbers/dialled.ts';
import { parseUri } from '../sip/message/uri.ts';

/**
 * The URI with another number in place of its user part. Parameters of the user part and a password go with the old
 * one: what was not judged is not sent on. A tel URI becomes one at the host, when one is given.
 */
export function withUser(uri: string, number: string, host?: string): string {
  const user = number.replaceAll('#', '%23');
  const parsed = parseUri(uri);
  if (parsed === undefined && host === undefined) return `tel:${number}`;
  if (parsed === undefined) return `sip:${user}@${host};user=phone`;
  const at = uri.indexOf('@');
  const rest = at < 0 ? uri.slice(parsed.scheme.length + 1) : uri.slice(at + 1);
  return `${uri.slice(0, parsed.scheme.length)}:${user}@${rest}`;
}

/**
 * The URI without what follows a semicolon in its user part, `0;00442079460123`, but for `;phone-context=+44` where
 * that was read: no rule has read the rest, and a dial plan that keeps the digits of it all (Asterisk's FILTER) would
 * dial it. The URI itself when there is none.
 */
export function withoutUnread(uri: string, kind: DialledKind): string {
  if (!mayHaveUnread(uri)) return uri;
  const user = parseUri(uri)?.user ?? '';
  const end = user.search(/;|%3b|%00/i);
  if (end <= 0) return uri;
  const context = hasContext.has(kind) ? (/;phone-context=([^;]*)/i.exec(user)?.[1] ?? '') : '';
  const read = /^\+\d{1,15}$/.test(context) ? `;phone-context=${context}` : '';
  return withUser(uri, user.slice(0, end) + read);
}

/** Cheap, for every call: a semicolon, or an escape of one, before the at sign. */
function mayHaveUnread(uri: string): boolean {
  const at = uri.indexOf('@');
  const semicolon = uri.indexOf(';');
  if (semicolon >= 0 && semicolon < at) return true;
  const escaped = uri.indexOf('%');
  return escaped >= 0 && escaped < at;
}

/** What a feature code, an extension or an emergency number is does not depend on it, and nobody reads it there. */
const hasContext: ReadonlySet<DialledKind> = new Set(['national', 'international']);

/**
 * What is asked for of the PBX in place of this URI once it was judged: the number that it dials, without PIN or
 * anything unread.
 */
export const asJudged = (
  uri: string,
  { kind, pin, digits }: Pick<Dialled, 'kind' | 'pin' | 'digits'>,
): string => (pin === undefined ? withoutUnread(uri, kind) : withUser(uri, digits));
