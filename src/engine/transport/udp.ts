import { type BindOptions, createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { listenerNumber } from '../../edge/flow-token.ts';
import type { Listener, Realm, Transport } from '../../edge/signaling.ts';
import type { TransportContext } from './transport-context.ts';
import type { Channel } from './transports.ts';

/** Asked for; the system gives what its limits allow. A burst waits here instead of being lost. */
const SOCKET_BUFFER_BYTES = 8 * 1024 * 1024;
/** Peers remembered in each of two generations, so that a flood of forged sources cannot grow memory. */
const PEERS_REMEMBERED = 32_768;
/** A power of two. */
const RECENT_PEERS = 4096;
const NO_NAMES: readonly string[] = [];

interface Arrival {
  readonly datagram: Buffer;
  readonly start: number;
  readonly peer: UdpPeer;
}

interface Departure {
  readonly message: Buffer;
  readonly peer: UdpPeer;
  readonly failed: ((problem: Error) => void) | undefined;
}

/**
 * One bound UDP socket and the peers that were heard or spoken to through it.
 *
 * What came in one turn of the event loop is received first, then all of it is handled, then all that is to go
 * out is sent. One by one the kernel and we would push each other out of the processor's caches with every
 * datagram, and each send would find its receiver asleep and have to wake it: under load that is half of the time.
 * A datagram that is alone waits for nothing.
 */
export class UdpSocket {
  readonly listener: Listener;
  readonly #context: TransportContext;
  /** Undefined while the gate before us reads it, and sends for us. */
  #socket: Socket | undefined;
  /** Of one that is not read yet. */
  #descriptor: number | undefined;
  #relay: ((message: Buffer, peer: UdpPeer) => void) | undefined;
  #peers = new Map<string, UdpPeer>();
  #olderPeers = new Map<string, UdpPeer>();
  /** The last peer heard on each port, or on one of those that share its place: most are found without a key. */
  readonly #recentPeers: (UdpPeer | undefined)[] = new Array(RECENT_PEERS).fill(undefined);
  #arrived: Arrival[] = [];
  #leaving: Departure[] = [];
  #due = false;
  #closed = false;

  private constructor(context: TransportContext, listener: Listener) {
    this.#context = context;
    this.listener = listener;
  }

  /** Binds; rejects when that is not possible. */
  static async bind(
    context: TransportContext,
    address: string,
    port: number,
    describe: (bound: AddressInfo) => Listener,
  ): Promise<UdpSocket> {
    const socket = await bound(address.includes(':'), { address, port });
    const opened = new UdpSocket(context, describe(socket.address()));
    opened.#read(socket);
    return opened;
  }

  /** One that the gate before us reads: until `take` what goes out goes by `relay`. */
  static inherited(
    context: TransportContext,
    listener: Listener,
    descriptor: number,
    relay: (message: Buffer, token: string) => void,
  ): UdpSocket {
    const opened = new UdpSocket(context, listener);
    opened.#descriptor = descriptor;
    opened.#relay = (message, peer) => relay(message, peer.token);
    return opened;
  }

  /** From now on it is read here, unless it is closed: then never again. */
  async take(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor === undefined || this.#closed) return;
    const socket = await bound(this.listener.address.includes(':'), { fd: descriptor });
    if (this.#closed) return void socket.close();
    this.#read(socket);
    this.#relay = undefined;
  }

  #read(socket: Socket): void {
    const { log } = this.#context;
    const { listener } = this;
    this.#socket = socket;
    socket.on('message', (datagram, from) => this.received(datagram, from.address, from.port));
    socket.on('error', (err) => log.error({ err, listener }, 'UDP socket error'));
  }

  /** The channel to this peer, the same object for as long as it is remembered. */
  peer(address: string, port: number): UdpPeer {
    const place = port & (RECENT_PEERS - 1);
    const recent = this.#recentPeers[place];
    if (recent !== undefined && recent.port === port && recent.address === address) return recent;

    const peer = this.#rememberedPeer(address, port);
    this.#recentPeers[place] = peer;
    return peer;
  }

  #rememberedPeer(address: string, port: number): UdpPeer {
    const key = `${address} ${port}`;
    const known = this.#peers.get(key);
    if (known !== undefined) return known;

    const peer = this.#olderPeers.get(key) ?? new UdpPeer(this, address, port);
    if (this.#peers.size >= PEERS_REMEMBERED) {
      this.#olderPeers = this.#peers;
      this.#peers = new Map();
      this.#recentPeers.fill(undefined); // or those in use would not be taken over into the new generation
    }
    this.#peers.set(key, peer);
    return peer;
  }

  send(message: Buffer, peer: UdpPeer, failed: ((problem: Error) => void) | undefined): void {
    if (this.#closed) {
      if (failed) process.nextTick(this.#context.report, failed, new Error('the socket is closed'));
      return;
    }
    this.#leaving.push({ message, peer, failed });
    this.#soon();
  }

  realmOf(peer: UdpPeer): Realm {
    return this.#context.events.realmOf(peer);
  }

  sign(peer: UdpPeer): string {
    return this.#context.tokens.sign({
      transport: 'udp',
      listener: listenerNumber(this.listener),
      address: peer.address,
      port: peer.port,
      serial: 0,
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#sendAll();
    this.#closed = true;
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    if (this.#socket === undefined) return;
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  received(datagram: Buffer, address: string, port: number): void {
    const { events, settings, limits } = this.#context;
    if (port === 0) return; // nobody can be answered there; the socket would throw
    if (!events.admits(this.listener, address, port, datagram)) return;
    if (datagram.length > settings.messageBytes) {
      limits.hit('message-size');
      events.tooLarge(this.peer(address, port));
      return;
    }

    const start = afterKeepAlive(datagram);
    if (start === datagram.length) return;
    this.#arrived.push({ datagram, start, peer: this.peer(address, port) });
    this.#soon();
  }

  #soon(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#due = false;
    if (this.#closed) return;
    const { pace } = this.#context;
    const arrived = this.#arrived;
    this.#arrived = [];
    if (arrived.length > 0) pace.begin();
    for (const { datagram, start, peer } of arrived)
      this.#context.events.message(datagram.toString('latin1', start), peer);
    this.#sendAll();
    if (arrived.length > 0) pace.end();
  }

  #sendAll(): void {
    const leaving = this.#leaving;
    this.#leaving = [];
    for (const departure of leaving)
      try {
        this.#send(departure);
      } catch (err) {
        this.#context.log.error({ err }, 'a datagram could not be sent');
      }
  }

  #send({ message, peer, failed }: Departure): void {
    if (this.#relay !== undefined) this.#relay(message, peer);
    else if (failed === undefined) this.#socket?.send(message, peer.port, peer.address);
    else
      this.#socket?.send(message, peer.port, peer.address, (problem) => {
        if (problem) this.#context.report(failed, problem);
      });
  }
}

/** Rejects when it cannot be bound. */
async function bound(ipv6: boolean, to: BindOptions): Promise<Socket> {
  const socket = createSocket({
    type: ipv6 ? 'udp6' : 'udp4',
    ipv6Only: ipv6,
    recvBufferSize: SOCKET_BUFFER_BYTES,
    sendBufferSize: SOCKET_BUFFER_BYTES,
    // Only addresses are ever given; the default would go through the resolver's thread.
    lookup: (host, _options, callback) => callback(null, host, ipv6 ? 6 : 4),
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind(to);
    await listening;
  } catch (problem) {
    socket.close();
    throw problem;
  }
  return socket;
}

/** A UDP peer as seen through one socket. */
class UdpPeer implements Channel {
  readonly address: string;
  readonly port: number;
  readonly #socket: UdpSocket;
  #token = '';

  constructor(socket: UdpSocket, address: string, port: number) {
    this.#socket = socket;
    this.address = address;
    this.port = port;
  }

  get listener(): Listener {
    return this.#socket.listener;
  }

  get transport(): Transport {
    return 'udp';
  }

  get realm(): Realm {
    return this.#socket.realmOf(this);
  }

  atPort(port: number): Channel {
    return port === this.port ? this : this.#socket.peer(this.address, port);
  }

  get reliable(): boolean {
    return false;
  }

  get open(): boolean {
    return true;
  }

  get certificateNames(): readonly string[] {
    return NO_NAMES;
  }

  get token(): string {
    if (this.#token === '') this.#token = this.#socket.sign(this);
    return this.#token;
  }

  send(message: Buffer, failed?: (problem: Error) => void): void {
    this.#socket.send(message, this, failed);
  }

  disregarded(): void {}

  close(): void {}
}

/** Phones keep NAT bindings open with line ends or zero bytes; RFC 3261 §7.5 allows line ends before a message. */
function afterKeepAlive(datagram: Buffer): number {
  let at = 0;
  for (; at < datagram.length; at += 1) {
    const byte = datagram[at];
    if (byte !== 13 && byte !== 10 && byte !== 0) break;
  }
  return at;
}
