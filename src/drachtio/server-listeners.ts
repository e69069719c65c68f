import { isIP } from 'node:net';
import type { DrachtioListenerSettings } from '../config/settings.ts';
import type { Listener, Realm, Transport } from '../edge/signaling.ts';
import { bareHost, type SipUri, uriHost, uriParameter } from '../sip/message/uri.ts';

interface HostPort {
  readonly transport: Transport;
  readonly host: string;
  readonly port: number;
}

/** The listeners of the drachtio-server we are connected to, as it told us when we came. */
export class ServerListeners {
  readonly all: readonly Listener[];
  readonly #ours: ReadonlySet<string>;

  /** `before` are those of the server we had until now: one that is the same stays the same object. */
  constructor(
    advertised: string,
    local: string,
    realms: readonly DrachtioListenerSettings[],
    before: readonly Listener[] = [],
  ) {
    const outside = readHostPorts(advertised);
    const inside = readHostPorts(local === '' ? advertised : local);
    this.all = inside.map(({ transport, host, port }) => {
      const at = outside.findIndex((one) => one.transport === transport && one.port === port);
      const [public_] = at < 0 ? [] : outside.splice(at, 1);
      const listener: Listener = {
        name: `${transport}:${uriHost(host)}:${port}`,
        transport,
        realm: realmOf(realms, transport, host, port),
        address: host,
        port,
        advertised: { host: public_?.host ?? host, port: public_?.port ?? port },
      };
      const known = before.find(
        (one) => one.name === listener.name && one.realm === listener.realm,
      );
      return known?.advertised.host === listener.advertised.host ? known : listener;
    });
    const ours = new Set<string>();
    for (const { address, port, advertised: shown } of this.all) {
      ours.add(`${uriHost(address)}:${port}`);
      const host = uriHost(shown.host).toLowerCase();
      ours.add(`${host}:${shown.port}`);
      if (isIP(shown.host) === 0) ours.add(`${host}:`);
    }
    this.#ours = ours;
  }

  isOurs({ scheme, host, port, parameters }: SipUri): boolean {
    const secure = scheme === 'sips' || uriParameter(parameters, 'transport') === 'tls';
    const key = `${host}:${port ?? (secure ? 5061 : 5060)}`;
    return this.#ours.has(key) || (port === undefined && this.#ours.has(`${host}:`));
  }

  /** Where a frame says that it was received; a WebSocket is called `tcp` by some servers. */
  receivedOn(protocol: string, place: string | undefined): Listener | undefined {
    const colon = place?.lastIndexOf(':') ?? -1;
    const address = bareHost(place?.slice(0, colon) ?? '');
    const port = Number(place?.slice(colon + 1));
    const here = (one: Listener) =>
      place === undefined || (one.port === port && one.address === address);
    return (
      this.all.find((one) => one.transport === protocol && here(one)) ??
      this.all.find((one) => (one.transport === 'udp') === (protocol === 'udp') && here(one))
    );
  }

  /** The one a server would send from: its choice is by transport, family and how alike the addresses are. */
  toward(transport: Transport, host: string, realm: Realm): Listener | undefined {
    const family = host.includes(':');
    const rank = (one: Listener) =>
      (one.realm === realm ? 1000 : 0) +
      (one.address.includes(':') === family ? 500 : 0) +
      (isIP(host) === 0 ? 0 : alike(one.address, host));
    return this.all
      .filter((one) => one.transport === transport)
      .toSorted((a, b) => rank(b) - rank(a))[0];
  }
}

/** `192.0.2.1:5060;transport=tcp`; without the parameter for UDP. */
export function shownAddress({ transport, advertised: { host, port } }: Listener): string {
  const hostPort = `${uriHost(host)}:${port}`;
  return transport === 'udp' ? hostPort : `${hostPort};transport=${transport}`;
}

function readHostPorts(text: string): HostPort[] {
  return text.split(',').flatMap((one) => {
    const match = /^(udp|tcp|tls|ws|wss)\/(?:\[([^\]]+)\]|([^:]+)):(\d+)$/i.exec(one.trim());
    if (match === null) return [];
    const [, protocol = '', bracketed, plain = '', port] = match;
    return [
      {
        transport: protocol.toLowerCase() as Transport,
        host: bracketed ?? plain,
        port: Number(port),
      },
    ];
  });
}

function realmOf(
  realms: readonly DrachtioListenerSettings[],
  transport: Transport,
  host: string,
  port: number,
): Realm {
  const said = realms.find(
    (one) => one.transport === transport && one.address === host && one.port === port,
  );
  return said?.realm ?? 'access';
}

/** How many leading characters two addresses share: longer is nearer. */
function alike(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}
