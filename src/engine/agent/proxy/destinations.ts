import { Header } from '../../../sip/message/header-name.ts';
import type { Message } from '../../../sip/message/message.ts';
import { headerParameter, parseNameAddress } from '../../../sip/message/name-address.ts';
import { parseUri } from '../../../sip/message/uri.ts';

/** Where a program wants a request to go. */
export interface Destination {
  readonly uri: string;
  /** From the Contact of a redirection: then it is also whom the request asks for (RFC 3261 §16.5). */
  readonly redirected: boolean;
  /** And who redirected is neither the PBX nor a carrier. */
  readonly byStranger?: boolean;
}

/** drachtio-srf puts `sip:` before whatever begins with neither `sip:` nor `tel:`, and so before `sips:` too. */
const doubled = /^sip:(?=sips?:)(?!sips?:\d+(?:[;?]|$))/i; // but a host may be called so

/** As programs write them. */
export const destination = (text: string): Destination => ({
  uri: text.replace(doubled, ''),
  redirected: false,
});

/** The Contacts of a 3xx that can be gone to, the preferred first (RFC 3261 §16.5, §20.10). */
export function redirections(response: Message): Destination[] {
  if (response.find(Header.contact) < 0) return [];
  return response
    .list(Header.contact)
    .flatMap((value) => {
      const contact = parseNameAddress(value);
      const uri = contact?.uri.replace(/\?.*$/, '') ?? '';
      if (contact === undefined || parseUri(uri) === undefined) return [];
      const q = Number(headerParameter(contact.parameters, 'q') ?? 1);
      return [{ uri, q: Number.isFinite(q) ? q : 0 }];
    })
    .toSorted((one, other) => other.q - one.q)
    .map(({ uri }) => ({ uri, redirected: true }));
}
