import { Header, type HeaderId } from '../sip/message/header-name.ts';
import { splitList } from '../sip/message/list.ts';
import type { Message } from '../sip/message/message.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import type { Rewrite } from '../sip/message/rewrite.ts';
import { parseUri } from '../sip/message/uri.ts';
import { HeaderFilter } from '../sip/proxy/header-filter.ts';
import type { TopologySettings } from './edge-settings.ts';
import type { HiddenUris } from './hidden-uris.ts';
import type { Hiding, Realm } from './signaling.ts';

/** What phones and carriers are not to see of the PBX (S5), by the realm that a request comes from. */
export type Topology = (from: Realm) => Hiding | undefined;

interface TopologyOptions {
  readonly settings: TopologySettings;
  /** A header that nobody outside may ever see, whatever the settings say: a secret stands in it. */
  readonly secretHeader: string | undefined;
  readonly uris: HiddenUris;
  readonly isPbx: (host: string, port: number) => boolean;
}

/** A REFER has one target (RFC 3515 §2.4.1); a stranger could make us try to open thousands. */
const ONE = 1;

/** Works the settings out once, so that a message costs what is really done to it. */
export function createTopology(options: TopologyOptions): Topology {
  const { settings, secretHeader, uris } = options;
  const hides = (what: TopologySettings['hide'][number]) => settings.hide.includes(what);
  const secret = secretHeader === undefined ? [] : [secretHeader];
  const outward = new HeaderFilter([
    ...(hides('headers') ? settings.headersOutward : []),
    ...secret,
  ]);
  // the gate writes that one itself
  const inward = new HeaderFilter(hides('headers') ? settings.headersInward : [], secretHeader);
  const contact = hides('contact');
  if (!contact && !hides('via') && outward.empty && inward.empty) return () => undefined;

  const hidden = (uri: string, own: string): string => uris.hide(uri, own);
  /** Where the PBX sends somebody may be anywhere: only its own places are hidden there. */
  const hiddenIfPbx = (uri: string, own: string): string => {
    const parsed = parseUri(uri);
    return parsed !== undefined && options.isPbx(parsed.host, parsed.port ?? 5060)
      ? uris.hide(uri, own)
      : uri;
  };
  const shown = (uri: string): string => uris.behind(uri) ?? uri;

  const fromPbx: Hiding = {
    vias: hides('via'),
    innerRoute: hides('via'),
    request(request, rewrite, own) {
      outward.remove(request, rewrite);
      if (!contact) return;
      replaceUris(request, Header.contact, rewrite, (uri) => hidden(uri, own));
      if (request.method === 'REFER')
        replaceUris(request, Header.referTo, rewrite, (uri) => hiddenIfPbx(uri, own));
    },
    answer(response, rewrite) {
      inward.remove(response, rewrite);
      // what the PBX registered at a carrier comes back as it gave it
      if (contact && response.cseqMethod === 'REGISTER')
        replaceUris(response, Header.contact, rewrite, shown);
    },
  };

  const towardPbx: Hiding = {
    vias: false,
    innerRoute: hides('via'),
    request(request, rewrite) {
      inward.remove(request, rewrite);
      // a phone transfers to what it knows of the other call: our Contact
      if (contact && request.method === 'REFER')
        replaceUris(request, Header.referTo, rewrite, shown, ONE);
    },
    answer(response, rewrite, own) {
      outward.remove(response, rewrite);
      if (!contact) return;
      if (response.status >= 300)
        replaceUris(response, Header.contact, rewrite, (uri) => hiddenIfPbx(uri, own));
      else if (response.cseqMethod !== 'REGISTER')
        replaceUris(response, Header.contact, rewrite, (uri) => hidden(uri, own));
    },
  };

  return (from) => (from === 'core' ? fromPbx : towardPbx);
}

/** Puts others in place of the URIs of a Contact or a Refer-To; all around them stays. */
function replaceUris(
  message: Message,
  id: HeaderId,
  rewrite: Rewrite,
  replaced: (uri: string) => string,
  most = Number.POSITIVE_INFINITY,
): void {
  for (let line = message.find(id); line >= 0; line = message.find(id, line + 1)) {
    const value = message.valueOf(line);
    const changed = value.includes(',')
      ? splitList(value)
          .map((one, index) => (index < most ? withUri(one, replaced) : one))
          .join(', ')
      : withUri(value, replaced);
    if (changed !== value)
      rewrite.replace(message.valueStart(line), message.lineEnd(line), changed);
  }
}

function withUri(value: string, replaced: (uri: string) => string): string {
  const address = parseNameAddress(value);
  if (address === undefined) return value;
  const uri = replaced(address.uri);
  if (uri === address.uri) return value;
  const display = address.display === '' ? '' : `${address.display} `;
  return `${display}<${uri}>${address.parameters}`;
}
