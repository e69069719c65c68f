import { networkInterfaces } from 'node:os';
import type { Listener, Transport } from '../edge/signaling.ts';
import { type SipUri, uriHost, uriParameter } from '../sip/message/uri.ts';
import { isWildcard } from './transport/advertised-address.ts';
import type { Channel } from './transport/transports.ts';

/** How we call ourselves toward one neighbour, ready to be pasted into headers. */
export interface OwnName {
  readonly hostPort: string;
  /** `192.0.2.1:5060;transport=tcp`; without the parameter for UDP. */
  readonly address: string;
  /** `SIP/2.0/UDP 192.0.2.1:5060;branch=` */
  readonly via: string;
  /** `@192.0.2.1:5060;transport=tcp;lr>`: what follows the user part in Record-Route and Path. */
  readonly routeTail: string;
  /** `<sip:…>` for when there is no user part. */
  readonly route: string;
  readonly scheme: 'sip:' | 'sips:';
  /** What we call ourselves in what a `sips:` request brings about, where that can be: TLS and WSS. */
  readonly secure: OwnName | undefined;
}

/** A name of ours that is written without a port is ours wherever it listens. */
const NO_PORT = 0;
const REFRESH_MS = 30_000;
const MOST_NEIGHBOURS = 4096;

/**
 * Our addresses and names: which URIs mean us, and what to call ourselves toward whom. A listener bound to
 * every address is called by the one that faces the neighbour.
 */
export class OwnNames {
  readonly #listeners: readonly Listener[];
  readonly #names = new Map<Listener, OwnName>();
  readonly #facing = new Map<Listener, Map<string, OwnName>>();
  /** By host, as a URI has it, the ports that we listen on. */
  #ours = new Map<string, Set<number>>();
  #interfaces: readonly Interface[] = [];
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(listeners: readonly Listener[]) {
    this.#listeners = listeners;
    this.#read();
    for (const listener of listeners)
      if (!isWildcard(listener.advertised.host))
        this.#names.set(
          listener,
          nameOf(listener.transport, listener.advertised.host, listener.advertised.port),
        );
  }

  /** What to call ourselves in what goes out on this channel. */
  toward(channel: Channel): OwnName {
    const { listener } = channel;
    return this.#names.get(listener) ?? this.#facingName(listener, channel.address);
  }

  /** For a neighbour that nobody knows the way to yet. */
  get anyAddress(): string {
    for (const { address } of this.#names.values()) return address;
    const [first] = this.#listeners;
    if (first === undefined) return 'localhost';
    const host = uriHost(localAddressFacing(this.#interfaces, first.address));
    return nameOf(first.transport, host, first.advertised.port).address;
  }

  /** Does this URI name one of our listeners? */
  isOurs(uri: SipUri): boolean {
    if (this.#isKnown(uri)) return true;
    if (performance.now() - this.#readAt < REFRESH_MS) return false;
    this.#read();
    return this.#isKnown(uri);
  }

  /** Do we listen there for the PBX or the trunks alone? */
  isInner(address: string, port: number): boolean {
    return this.#listeners.some(
      (one) =>
        one.realm !== 'access' &&
        one.port === port &&
        (one.address === address || isWildcard(one.address)),
    );
  }

  #isKnown({ host, port, scheme, parameters }: SipUri): boolean {
    const ports = this.#ours.get(host);
    if (ports === undefined) return false;
    if (port !== undefined) return ports.has(port);
    const secure = scheme === 'sips' || uriParameter(parameters, 'transport') === 'tls';
    return ports.has(NO_PORT) || ports.has(secure ? 5061 : 5060);
  }

  #facingName(listener: Listener, remote: string): OwnName {
    let names = this.#facing.get(listener);
    if (names === undefined || names.size >= MOST_NEIGHBOURS) {
      names = new Map();
      this.#facing.set(listener, names);
    }
    let name = names.get(remote);
    if (name === undefined) {
      const host = uriHost(localAddressFacing(this.#interfaces, remote));
      name = nameOf(listener.transport, host, listener.advertised.port);
      names.set(remote, name);
    }
    return name;
  }

  #read(): void {
    this.#readAt = performance.now();
    this.#interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    this.#facing.clear();
    const ours = new Map<string, Set<number>>();
    const add = (host: string, port: number): void => {
      ours.set(host, (ours.get(host) ?? new Set()).add(port));
    };
    for (const { address, port, advertised } of this.#listeners) {
      if (!isWildcard(advertised.host)) {
        const host = uriHost(advertised.host).toLowerCase();
        add(host, advertised.port);
        if (!/^[\d.]+$|^\[/.test(host)) add(host, NO_PORT);
      }
      const family = address.includes(':') ? 'IPv6' : 'IPv4';
      if (!isWildcard(address)) add(uriHost(address), port);
      else
        for (const local of this.#interfaces)
          if (local.family === family) add(uriHost(local.address), port);
    }
    this.#ours = ours;
  }
}

interface Interface {
  readonly address: string;
  readonly netmask: string;
  readonly family: string;
  readonly internal: boolean;
}

/** In a URI a secure WebSocket is written `ws` as well (RFC 7118 §5.2.2); `wss` stands in Via only. */
const parameters: Readonly<Record<Transport, string>> = {
  udp: '',
  tcp: ';transport=tcp',
  tls: ';transport=tls',
  ws: ';transport=ws',
  wss: ';transport=ws',
};

function nameOf(transport: Transport, advertised: string, port: number): OwnName {
  const hostPort = `${uriHost(advertised)}:${port}`;
  const via = `SIP/2.0/${transport.toUpperCase()} ${hostPort};branch=`;
  const named = (scheme: OwnName['scheme'], parameter: string, secure?: OwnName): OwnName => ({
    hostPort,
    address: `${hostPort}${parameter}`,
    via,
    routeTail: `@${hostPort}${parameter};lr>`,
    route: `<${scheme}${hostPort}${parameter};lr>`,
    scheme,
    secure,
  });
  const secured =
    transport === 'tls' || transport === 'wss'
      ? named('sips:', transport === 'tls' ? '' : parameters.wss)
      : undefined;
  return named('sip:', parameters[transport], secured);
}

/** Our address in the neighbour's own network, else the first that is not loopback. */
function localAddressFacing(interfaces: readonly Interface[], remote: string): string {
  const family = remote.includes(':') ? 'IPv6' : 'IPv4';
  const candidates = interfaces.filter((local) => local.family === family);
  const same = candidates.find((local) => local.address === remote || inSameNet(local, remote));
  const outward = candidates.find((local) => !local.internal && !/^fe80:/i.test(local.address));
  return (same ?? outward ?? candidates[0])?.address ?? (family === 'IPv6' ? '::1' : '127.0.0.1');
}

function inSameNet({ address, netmask, family }: Interface, remote: string): boolean {
  if (family === 'IPv6')
    return address.split(':').slice(0, 4).join() === remote.split(':').slice(0, 4).join();
  const mask = bits(netmask);
  return (bits(address) & mask) === (bits(remote) & mask);
}

const bits = (address: string): number =>
  address.split('.').reduce((number, part) => (number << 8) | Number(part), 0);
