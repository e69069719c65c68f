import { closeSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { isSamePlace } from '../../config/listen-point.ts';
import type { LimitSettings, ListenerSettings, Settings } from '../../config/settings.ts';
import { type FlowFacts, type FlowTokens, listenerNumber } from '../../edge/flow-token.ts';
import { canonicalAddress } from '../../edge/packed-address.ts';
import type { FarEnd, Listener, Realm, Transport } from '../../edge/signaling.ts';
import type { Inheritance, InheritedSocket } from '../hand-over/inheritance.ts';
import { Predecessor } from '../hand-over/predecessor.ts';
import { describeListener, reachableAddress } from './advertised-address.ts';
import { Certificates, type ServedCertificate } from './certificate/certificates.ts';
import { connectOut } from './connect-out.ts';
import { ConnectionLimits } from './connection-limits.ts';
import { Connections } from './connections.ts';
import type { DatagramBatches } from './datagram-batches.ts';
import { datagramsDropped } from './datagrams-dropped.ts';
import { DescriptorShortage } from './descriptor-shortage.ts';
import { descriptorsOf } from './descriptors.ts';
import { roomForConnections } from './room-for-connections.ts';
import { StreamConnection } from './stream-connection.ts';
import { type Greeting, StreamListener } from './stream-listener.ts';
import { batchesOfThread } from './system-calls.ts';
import { TlsGreeting } from './tls-greeting.ts';
import {
  guarded,
  reporter,
  type TransportContext,
  type TransportLog,
} from './transport-context.ts';
import type {
  Channel,
  ConnectionCounts,
  Destination,
  TransportEvents,
  Transports,
} from './transports.ts';
import { TurnPace } from './turn-pace.ts';
import { Turns } from './turns.ts';
import { UdpSocket } from './udp.ts';
import { WebSocketGreeting } from './websocket-greeting.ts';

/** The settings that the transports read. */
export type TransportSettings = Pick<Settings, 'listeners' | 'tls' | 'limits' | 'dataDirectory'>;

/** How datagrams are read and sent many at a time; undefined, one by one. */
type BatchesOf = (log: TransportLog) => Promise<DatagramBatches | undefined>;

/** The sockets of the engine: nothing is bound until `open`. */
export function createTransports(
  settings: TransportSettings,
  events: TransportEvents,
  log: TransportLog,
  tokens: FlowTokens,
  inheritance?: Inheritance,
  batches: BatchesOf = batchesOfThread,
): Transports {
  return new SocketTransports(settings, events, log, tokens, inheritance, batches);
}

class SocketTransports implements Transports {
  readonly #settings: TransportSettings;
  readonly #context: TransportContext;
  readonly #udp: UdpSocket[] = [];
  readonly #streams: StreamListener[] = [];
  #certificates: Certificates | undefined;
  #listeners: readonly Listener[] = [];
  #clock: NodeJS.Timeout | undefined;
  #unverifiedSaid = false;
  readonly #batches: BatchesOf;
  readonly #inheritance: Inheritance | undefined;
  readonly #predecessor: Predecessor | undefined;
  /** Inherited sockets that are not read here yet. */
  readonly #toBegin: (() => Promise<void>)[] = [];
  readonly #toTake: (() => Promise<void>)[] = [];

  constructor(
    settings: TransportSettings,
    events: TransportEvents,
    log: TransportLog,
    tokens: FlowTokens,
    inheritance: Inheritance | undefined,
    batches: BatchesOf,
  ) {
    this.#settings = settings;
    this.#batches = batches;
    this.#inheritance = inheritance;
    this.#context = {
      events: guarded(events, log),
      log,
      tokens,
      settings: settings.limits,
      limits: new ConnectionLimits(fitting(settings.limits, log)),
      connections: new Connections(),
      pace: new TurnPace(),
      turns: new Turns(),
      takenAt: 0,
      batches: undefined,
      report: reporter(log),
    };
    if (inheritance !== undefined)
      this.#predecessor = new Predecessor(
        {
          context: this.#context,
          udpSocket: (facts) => this.#udpSocket(facts),
          listenerOf: (facts) =>
            this.#listeners.find((listener) => listenerNumber(listener) === facts.listener),
          gone: () => this.#takeAll(),
        },
        tokens.of(Buffer.from(inheritance.boot)),
      );
  }

  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  async open(): Promise<void> {
    try {
      this.#certificates = this.#readCertificates();
      this.#context.batches = await this.#batches(this.#context.log);
      const bound: Listener[] = [];
      for (const listener of this.#settings.listeners) bound.push(await this.#bind(listener));
      this.#listeners = bound;
      this.#closeUnused();
    } catch (problem) {
      await this.close();
      throw problem;
    }
    this.#certificates?.watch();
    const { connections, log } = this.#context;
    const descriptors = new DescriptorShortage(log);
    this.#clock = setInterval(() => {
      connections.checkTimes(performance.now());
      descriptors.look();
    }, checkEveryMs(this.#settings));
  }

  channelTo(to: Destination): Channel | undefined {
    const address = canonicalAddress(to.address);
    const { transport, port, serverName } = to;
    if (transport === 'udp')
      return inRealm(this.#udp, to.realm, sameFamily(address))?.peer(address, port);

    for (const realm of [to.realm, ...REALMS]) {
      const known = this.#context.connections.byPeer(transport, realm, address, port, serverName);
      if (known !== undefined) return known;
      if (realm === to.realm && this.#streamListener(to, address, realm) !== undefined) break;
    }
    return this.#connect(to, address);
  }

  channelFrom(token: string): Channel | 'forged' | 'stale' {
    const facts = this.#context.tokens.verify(token);
    if (facts === 'stale') return this.#predecessor?.channelFrom(token) ?? facts;
    if (facts === 'forged') return facts;
    if (facts.transport !== 'udp') {
      const connection = this.#context.connections.bySerial(facts.serial);
      return connection?.open ? connection : 'stale';
    }
    return this.#udpSocket(facts)?.peer(facts.address, facts.port) ?? 'stale';
  }

  connections(): Iterable<Channel> {
    return this.#context.connections.all();
  }

  descriptors(): readonly InheritedSocket[] {
    return descriptorsOf(this.#listeners);
  }

  retire(): void {
    for (const stream of this.#streams) stream.retire();
  }

  async succeed(registered: (row: unknown) => void): Promise<void> {
    if (this.#inheritance === undefined) return;
    for (const begin of this.#toBegin.splice(0)) await begin();
    await this.#predecessor?.meet(this.#inheritance.link, registered);
  }

  get inherits(): boolean {
    return this.#predecessor?.there === true;
  }

  /** Nobody would accept or read what comes to a listener that is wanted no more. */
  #closeUnused(): void {
    for (const { transport, address, port, descriptor } of this.#inheritance?.sockets ?? []) {
      if (this.#listeners.some((one) => isSamePlace(one, { transport, address, port }))) continue;
      closeSync(descriptor);
      this.#context.log.info({ transport, address, port }, 'a listener is wanted no more: closed');
    }
  }

  #udpSocket(facts: FlowFacts): UdpSocket | undefined {
    return this.#udp.find((one) => listenerNumber(one.listener) === facts.listener);
  }

  async #takeAll(): Promise<void> {
    const { log } = this.#context;
    for (const take of this.#toTake.splice(0))
      await take().catch((err: unknown) =>
        log.error({ err }, 'a socket that was inherited cannot be read'),
      );
  }

  certificates(): readonly ServedCertificate[] {
    return this.#certificates?.inUse() ?? [];
  }

  datagramsDropped(): number {
    return this.#udp.reduce((sum, { lost }) => sum + lost, datagramsDropped(this.#listeners));
  }

  get floodLanes(): number {
    return this.#udp.reduce((lanes, socket) => lanes + socket.floodLanes, 0);
  }

  get takenAt(): number {
    return this.#context.takenAt;
  }

  get sleptMs(): number {
    return this.#context.pace.slept;
  }

  cut(which: FarEnd): void {
    for (const stream of this.#streams) stream.cut(which);
  }

  counts(): ConnectionCounts {
    const { connections, limits } = this.#context;
    return {
      open: connections.open,
      byTransport: connections.byTransport,
      handshaking: connections.handshaking,
      refused: limits.refused,
    };
  }

  finish(): void {
    for (const socket of this.#udp) socket.finish();
  }

  async close(): Promise<void> {
    clearInterval(this.#clock);
    this.#predecessor?.end();
    this.#certificates?.close();
    // Nothing can connect out any more: that needs a listener to leave from.
    const sockets = [...this.#udp, ...this.#streams.splice(0)];
    await Promise.all([
      this.#context.connections.destroyAll(),
      ...sockets.map((socket) => socket.close()),
    ]);
  }

  async #bind(settings: ListenerSettings): Promise<Listener> {
    const { transport, address, port } = settings;
    const describe = (bound: AddressInfo) => describeListener(settings, bound);
    const inherited = this.#inheritance?.sockets.find((one) => isSamePlace(one, settings));
    if (inherited !== undefined) return this.#inherit(settings, inherited.descriptor);
    try {
      if (transport === 'udp') {
        const socket = await UdpSocket.bind(this.#context, address, port, describe);
        this.#udp.push(socket);
        return socket.listener;
      }
      const greeting = this.#greetingFor(settings);
      const stream = await StreamListener.bind(this.#context, address, port, greeting, describe);
      this.#streams.push(stream);
      return stream.listener;
    } catch (cause) {
      throw new Error(`cannot listen on ${transport} ${address} port ${port}: ${cause}`, { cause });
    }
  }

  #inherit(settings: ListenerSettings, descriptor: number): Listener {
    const { transport, address, port } = settings;
    const context = this.#context;
    const family = address.includes(':') ? 'IPv6' : 'IPv4';
    const listener = describeListener(settings, { address, port, family });
    if (transport === 'udp') {
      const relay = (message: string, token: string) => this.#predecessor?.send(token, message);
      const socket = UdpSocket.inherited(context, listener, descriptor, relay);
      this.#udp.push(socket);
      this.#toTake.push(() => socket.take());
    } else {
      const stream = StreamListener.inherited(context, this.#greetingFor(settings), listener);
      this.#streams.push(stream);
      this.#toBegin.push(() => stream.begin(descriptor));
    }
    return listener;
  }

  #connect(to: Destination, address: string): Channel | undefined {
    if (to.transport !== 'tcp' && to.transport !== 'tls') return undefined;
    const listener = this.#streamListener(to, address);
    if (listener === undefined) return undefined;
    const certificates = to.transport === 'tls' ? this.#certificates : undefined;
    if (certificates?.hasAuthorities === false) this.#saySomebodyIsUnverified(to);
    return connectOut(this.#context, certificates, listener, { ...to, address });
  }

  /** Once, and only where it matters: most gates never connect out over TLS. */
  #saySomebodyIsUnverified({ address, port, serverName = address }: Destination): void {
    if (this.#unverifiedSaid) return;
    this.#unverifiedSaid = true;
    this.#context.log.warn(
      { peer: serverName, port },
      'tls.authorities is not set: the certificates of TLS peers we connect to are not verified',
    );
  }

  #greetingFor({ transport, clientCertificate, origins }: ListenerSettings): Greeting | undefined {
    const context = this.#context;
    if (transport === 'ws') return new WebSocketGreeting(context, origins);
    if (this.#certificates === undefined || !isSecure(transport)) return undefined;
    if (clientCertificate === 'require' && !this.#certificates.hasAuthorities)
      throw new Error(
        'client certificates are required but tls.authorities names nobody to sign them',
      );
    if (clientCertificate === 'ask' && !this.#certificates.hasAuthorities)
      context.log.warn(
        { transport },
        'clients are asked for certificates, but tls.authorities is not set: none is believed',
      );

    if (transport === 'tls')
      return new TlsGreeting(
        context,
        this.#certificates,
        clientCertificate,
        (socket, peer, handshake) => {
          handshake.over();
          new StreamConnection(context, peer, socket);
        },
      );
    const upgrade = new WebSocketGreeting(context, origins);
    return new TlsGreeting(
      context,
      this.#certificates,
      clientCertificate,
      (socket, peer, handshake) => upgrade.expect(socket, peer, handshake),
    );
  }

  #readCertificates(): Certificates | undefined {
    const { listeners, tls, dataDirectory } = this.#settings;
    if (!listeners.some(({ transport }) => isSecure(transport))) return undefined;
    // not the machine's own name: it may say what runs here to whoever asks
    const names = new Set(['localhost', '127.0.0.1', '::1']);
    for (const { address, advertise } of listeners) {
      names.add(reachableAddress(address));
      if (advertise !== undefined) names.add(advertise.host);
    }
    return new Certificates(tls, dataDirectory, [...names], this.#context.log);
  }

  #streamListener(to: Destination, address: string, only?: Realm): Listener | undefined {
    const fits = sameFamily(address);
    const usable = this.#streams.filter(
      (one) => one.listener.transport === to.transport && (!only || one.listener.realm === only),
    );
    return inRealm(usable, to.realm, fits)?.listener;
  }
}

const REALMS: readonly Realm[] = ['access', 'core', 'trunk'];

function isSecure(transport: Transport): boolean {
  return transport === 'tls' || transport === 'wss';
}

type Bound = { readonly listener: Listener };

/** The first that fits in that realm, else the first that fits at all. */
function inRealm<Socket extends Bound>(
  sockets: readonly Socket[],
  realm: Realm,
  fits: (socket: Bound) => boolean,
): Socket | undefined {
  return (
    sockets.find((socket) => socket.listener.realm === realm && fits(socket)) ?? sockets.find(fits)
  );
}

function sameFamily(address: string): (socket: Bound) => boolean {
  const ipv6 = address.includes(':');
  return ({ listener }) => listener.address.includes(':') === ipv6;
}

/** Often enough that the shortest limit is kept to within a quarter. */
function checkEveryMs({ limits }: TransportSettings): number {
  const shortest = Math.min(
    limits.handshakeSeconds,
    limits.messageSeconds,
    limits.firstMessageSeconds,
    limits.idleSeconds,
  );
  return Math.min(1000, Math.max(50, shortest * 250));
}

/** No more connections than the system lets the process have. */
function fitting(limits: LimitSettings, log: TransportLog): LimitSettings {
  const connections = Math.min(limits.connections, roomForConnections());
  if (connections < limits.connections)
    log.warn(
      { connections, wanted: limits.connections },
      'the system lets the process open too few files for limits.connections: fewer connections are taken',
    );
  return { ...limits, connections };
}
