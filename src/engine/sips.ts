import type { Flow, HeaderChange } from '../edge/signaling.ts';
import { isSecure } from '../edge/sips.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import { isSips } from '../sip/message/uri.ts';
import type { OwnName } from './own-names.ts';

/**
 * Does `sips:` end at the gate on this way to the PBX? A PBX that is not reached over TLS cannot serve it: Asterisk
 * refuses the call (480, 381 SIPS Required), and sends nothing to a `sips:` Contact, no BYE either.
 */
export const sipsEnds = (outside: Flow, inside: Flow): boolean =>
  isSecure(outside) && !isSecure(inside) && inside.realm === 'core';

export const asSip = (uri: string): string => (isSips(uri) ? `sip${uri.slice(4)}` : uri);

/** The Contact as such a PBX is told it; undefined when it can stay as it is. */
export function contactAsSip(message: Message): HeaderChange | undefined {
  if (message.find(Header.contact) < 0) return undefined;
  const contacts = message.list(Header.contact);
  if (!contacts.some((contact) => isSips(parseNameAddress(contact)?.uri ?? ''))) return undefined;
  return { name: 'Contact', value: contacts.map(withSip).join(', ') };
}

function withSip(contact: string): string {
  const address = parseNameAddress(contact);
  if (address === undefined || !isSips(address.uri)) return contact;
  const display = address.display === '' ? '' : `${address.display} `;
  return `${display}<${asSip(address.uri)}>${address.parameters}`;
}

/** What to call ourselves in what a request to this URI brings about. */
export const nameFor = (name: OwnName, requestUri: string): OwnName =>
  isSips(requestUri) ? (name.secure ?? name) : name;

/** The same for an `Edit`: with its scheme when that is `sips:`. */
export function ownFor(name: OwnName, requestUri: string): string {
  const { scheme, address } = nameFor(name, requestUri);
  return scheme === 'sips:' ? `sips:${address}` : address;
}
