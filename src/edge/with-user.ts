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
