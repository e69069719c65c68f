import { detached } from '../../sip/message/detached.ts';
import { Header } from '../../sip/message/header-name.ts';
import type { Message } from '../../sip/message/message.ts';
import { headerParameter, parseNameAddress } from '../../sip/message/name-address.ts';
import { bareHost, parseUri } from '../../sip/message/uri.ts';
import type { Channel } from '../transport/transports.ts';

interface Entry {
  readonly channel: Channel;
  /** By which method, and for whom. */
  readonly owner: string;
  readonly until: number;
}

/**
 * Which connection a registered device is at the other end of: nobody can connect to a browser, or to a phone
 * behind a NAT. By `user@host` of its Contact, from the REGISTER or SUBSCRIBE that a program answered 200. The first
 * to say so keeps it: whoever names another's Contact as his own does not get the calls of that one, nor those for the
 * PBX or a carrier who names the address of one of them.
 */
export class RegisteredContacts {
  readonly #most: number;
  readonly #isNeighbour: (host: string) => boolean;
  readonly #entries = new Map<string, Entry>();

  /** `isNeighbour` knows the PBX and the trunks, by name or address. */
  constructor(most: number, isNeighbour: (host: string) => boolean) {
    this.#most = most;
    this.#isNeighbour = isNeighbour;
  }

  /** A program answered 200: what it gave for an expiry counts before what was asked for. */
  accepted(request: Message, response: Message, channel: Channel, now = Date.now()): void {
    if (!channel.reliable) return;
    const granted = response.list(Header.contact);
    const owner = ownerOf(request);
    for (const contact of request.list(Header.contact)) {
      const address = parseNameAddress(contact);
      const key = address === undefined ? undefined : keyOf(address.uri);
      if (address === undefined || key === undefined || !this.#mayTake(key, channel, owner, now))
        continue;
      const answer = granted
        .map((one) => parseNameAddress(one))
        .find((one) => one !== undefined && keyOf(one.uri) === key);
      const seconds = Number(
        headerParameter(answer?.parameters ?? '', 'expires') ??
          response.value(Header.expires) ??
          headerParameter(address.parameters, 'expires') ??
          request.value(Header.expires) ??
          3600,
      );
      this.#entries.delete(key);
      if (!(seconds > 0)) continue;
      if (this.#entries.size >= this.#most) this.#dropOldest();
      this.#entries.set(detached(key), {
        channel,
        owner: detached(owner),
        until: now + seconds * 1000,
      });
    }
  }

  /** The open connection to whom this URI names. */
  channelTo(uri: string, now = Date.now()): Channel | undefined {
    const key = keyOf(uri);
    const entry = key === undefined ? undefined : this.#entries.get(key);
    if (key === undefined || entry === undefined) return undefined;
    if (!entry.channel.open || entry.until <= now) {
      this.#entries.delete(key);
      return undefined;
    }
    return this.#isSomebodyElses(uri, entry.channel) ? undefined : entry.channel;
  }

  #isSomebodyElses(uri: string, { address }: Channel): boolean {
    const host = bareHost(parseUri(uri)?.host ?? '');
    return host !== address && this.#isNeighbour(host);
  }

  /** A device that comes back before its connection is found to be dead registers for the same user as before. */
  #mayTake(key: string, channel: Channel, owner: string, now: number): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined || !entry.channel.open || entry.until <= now) return true;
    if (entry.channel === channel || entry.owner === owner) return true;
    return owner.startsWith('REGISTER') && !entry.owner.startsWith('REGISTER');
  }

  #dropOldest(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key);
      return;
    }
  }
}

function keyOf(text: string): string | undefined {
  const uri = parseUri(text);
  return uri === undefined || uri.user === '' ? undefined : `${uri.user}@${uri.host}`;
}

/** Of a REGISTER its To, which the program has seen to; a SUBSCRIBE says itself who it is from. */
function ownerOf(request: Message): string {
  const header = request.method === 'REGISTER' ? Header.to : Header.from;
  const uri = parseNameAddress(request.value(header) ?? '')?.uri ?? '';
  return `${request.method} ${keyOf(uri) ?? uri}`;
}
