import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import {
  headerParameter,
  type NameAddress,
  parseNameAddress,
} from '../sip/message/name-address.ts';
import { parseUri, uriParameter } from '../sip/message/uri.ts';
import { TOKEN_PARAMETER } from './binding-token.ts';
import type { Edge } from './edge.ts';
import { type ExpiryBounds, seconds, withExpires } from './expiry-bounds.ts';
import type { AskedContact, Registration } from './registration.ts';
import type { HeaderChange } from './signaling.ts';

const SOON_SECONDS = 30;

/** A Contact of the 200: `key` is our token where the PBX holds ours, the URI where it holds the phone's own. */
export interface ListedContact {
  readonly text: string;
  readonly contact: NameAddress | undefined;
  readonly key: string | undefined;
  /** As it says. */
  readonly expires: number | undefined;
}

/** `ours` is how we were named in the Contacts we wrote; without it the PBX holds the phone's own. */
export function listedContacts(
  response: Message,
  asked: readonly AskedContact[] = [],
  ours?: string,
): readonly ListedContact[] {
  if (response.find(Header.contact) < 0) return [];
  return response.list(Header.contact).map((text) => {
    const contact = parseNameAddress(text);
    if (contact === undefined) return { text, contact, key: undefined, expires: undefined };
    const expires = expiresOf(contact);
    const key =
      ours === undefined
        ? contact.uri
        : (tokenIn(contact.uri) ?? tokenByUser(contact.uri, asked, ours));
    return { text, contact, key, expires };
  });
}

/** A PBX that drops URI parameters it does not know still shows whose Contact it is by the user part. */
function tokenByUser(
  uri: string,
  asked: readonly AskedContact[],
  ours: string,
): string | undefined {
  const parsed = parseUri(uri);
  if (parsed === undefined) return undefined;
  const [hostPort] = ours.split(';');
  if (`${parsed.host}:${parsed.port ?? 5060}` !== hostPort) return undefined;
  const same = asked.filter(({ user }) => user === parsed.user);
  return same.length === 1 ? same[0]?.token : undefined;
}

const tokenIn = (uri: string): string | undefined => {
  const semicolon = uri.indexOf(';', uri.indexOf('@') + 1); // a user part may have one too
  return semicolon < 0 ? undefined : uriParameter(uri.slice(semicolon), TOKEN_PARAMETER);
};

/** The phone sees the Contacts it gave, and not how we wrote them for the PBX (RFC 3261 §10.3 step 8). */
export function restoreContacts(
  edge: Edge,
  { asked, bounds }: Registration,
  listed: readonly ListedContact[],
  response: Message,
): readonly HeaderChange[] | undefined {
  if (listed.length === 0) return undefined;
  let value = '';
  for (const one of listed) {
    const { text, contact, key } = one;
    const uri =
      key === undefined
        ? undefined
        : (asked.find(({ token }) => token === key)?.uri ??
          edge.registrations.named(key, 0)?.contact);
    const restored =
      contact === undefined || uri === undefined
        ? text
        : `<${uri}>${parametersBack(contact, one.expires, bounds, response)}`;
    value = value === '' ? restored : `${value}, ${restored}`;
  }
  return [{ name: 'Contact', value }];
}

/** What the PBX grants beyond what the rules allow is cut: the phone comes back in time, and is forgotten in time. */
function parametersBack(
  contact: NameAddress,
  expires: number | undefined,
  bounds: ExpiryBounds | undefined,
  response: Message,
): string {
  if (bounds === undefined) return contact.parameters;
  const granted = expires ?? seconds(response.value(Header.expires)) ?? 0;
  return granted > bounds.most ? withExpires(contact.parameters, bounds.most) : contact.parameters;
}

/** The same where the PBX holds the phones' own Contacts. */
export function cutContacts(
  { bounds }: Registration,
  listed: readonly ListedContact[],
  response: Message,
): readonly HeaderChange[] {
  const cut = listed.map(({ text, contact, expires }) => {
    const parameters = contact && parametersBack(contact, expires, bounds, response);
    return contact === undefined || parameters === contact.parameters
      ? text
      : `<${contact.uri}>${parameters}`;
  });
  return cut.every((one, index) => one === listed[index]?.text)
    ? nothing
    : [{ name: 'Contact', value: cut.join(', ') }];
}

/** Until it registers by Contact the PBX cannot call the phone: let it come back in half a minute, not in an hour. */
export function comeBackSoon(listed: readonly ListedContact[]): readonly HeaderChange[] {
  const value = listed
    .map(({ text, contact }) =>
      contact === undefined
        ? text
        : `<${contact.uri}>${withExpires(contact.parameters, SOON_SECONDS)}`,
    )
    .join(', ');
  return [
    { name: 'Contact', value },
    { name: 'Expires', value: undefined },
    { name: 'Path', value: undefined },
  ];
}

/** The Path is between the PBX and us; a phone that did not ask for it need not see it. */
export const hidePath = (response: Message): readonly HeaderChange[] =>
  response.find(Header.path) < 0 ? nothing : [{ name: 'Path', value: undefined }];

const expiresOf = (contact: NameAddress): number | undefined =>
  seconds(headerParameter(contact.parameters, 'expires'));

const nothing: readonly HeaderChange[] = [];
