import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { listenerNumber } from '../../edge/flow-token.ts';
import type { Listener, Realm } from '../../edge/signaling.ts';
import { Arrivals } from './arrivals.ts';
import { bindShared, descriptorOf, takeOver } from './bound-socket.ts';
import { BATCH, type DatagramBatches } from './datagram-batches.ts';
import { type Batched, Departures } from './departures.ts';
import { FloodLanes } from './flood-lanes.ts';
import { RememberedPeers } from './remembered-peers.ts';
import { ONE_BY_ONE } from './system-calls.ts';
import type { TransportContext } from './transport-context.ts';
import type { PeersSocket, UdpPeer } from './udp-peer.ts';

/** So many the event loop reads from a socket before it does anything else: then there may be more. */
const READ_AT_ONCE = 32;
/** So many batches in a row, so that answers are found that come behind much that is new: then others have their turn. */
const BATCHES_AT_ONCE = 16;
/** No phone's message is as long, over UDP. */
const MUCH_BYTES = 8192;

/**
 * One bound UDP socket and the peers that were heard or spoken to through it.
 *
 * What came in one turn of the event loop is received first, then all of it is handled, then all that is to go
 * out is sent. One by one the kernel and we would push each other out of the processor's caches with every
 * datagram, and each send would find its receiver asleep and have to wake it: under load that is half of the time.
 * A datagram that is alone waits for nothing.
 */
export class UdpSocket implements PeersSocket {
  readonly listener: Listener;
  readonly #context: TransportContext;
  /** Undefined while the gate before us reads it, and sends for us. */
  #socket: Socket | undefined;
  #batched: Batched | undefined;
  /** Of one that is not read yet. */
  #descriptor: number | undefined;
  readonly #peers = new RememberedPeers(this);
  readonly #arrivals = new Arrivals();
  readonly #departures: Departures;
  #due = false;
  /** From the socket since the last turn, refused ones too. */
  #read = 0;
  /** When it was last read there was more than is read at once. */
  #areMore = false;
  #laneBrought = false;
  #closed = false;
  readonly #lanes: FloodLanes;

  private constructor(context: TransportContext, listener: Listener) {
    this.#context = context;
    this.listener = listener;
    this.#departures = new Departures(context);
    this.#lanes = new FloodLanes({
      listener,
      isShutOut: (address, port) => context.events.isShutOut(listener, address, port),
      received: (datagram, address, port) => {
        this.#laneBrought = true;
        this.received(datagram, address, port);
        this.#soon();
      },
      log: context.log,
    });
  }

  /** Datagrams that waited for their turn for too long. */
  get lost(): number {
    return this.#arrivals.lost;
  }

  get floodLanes(): number {
    return this.#lanes.size;
  }

  /** Binds; rejects when that is not possible. */
  static async bind(
    context: TransportContext,
    address: string,
    port: number,
    describe: (bound: AddressInfo) => Listener,
  ): Promise<UdpSocket> {
    const socket = await bindShared({ address, port });
    const opened = new UdpSocket(context, describe(socket.address()));
    const descriptor = context.batches === undefined ? undefined : descriptorOf(socket);
    if (context.batches !== undefined && descriptor === undefined)
      context.log.warn(
        { listener: opened.listener, why: 'the system does not say which descriptor it has' },
        ONE_BY_ONE,
      );
    opened.#listen(socket, descriptor);
    return opened;
  }

  /** One that the gate before us reads: until `take` what goes out goes by `relay`. */
  static inherited(
    context: TransportContext,
    listener: Listener,
    descriptor: number,
    relay: (message: string, token: string) => void,
  ): UdpSocket {
    const opened = new UdpSocket(context, listener);
    opened.#descriptor = descriptor;
    opened.#departures.goBy((message, peer) => relay(message, peer.token));
    return opened;
  }

  /** From now on it is read here, unless it is closed: then never again. */
  async take(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor === undefined || this.#closed) return;
    const socket = await takeOver(this.listener, descriptor);
    if (this.#closed) return void socket.close();
    this.#listen(socket, descriptor);
  }

  #listen(socket: Socket, descriptor: number | undefined): void {
    const { log, batches } = this.#context;
    const { listener } = this;
    this.#socket = socket;
    if (batches !== undefined && descriptor !== undefined) this.#batched = { batches, descriptor };
    this.#departures.goOut(socket, this.#batched);
    socket.on('message', (datagram, from) => {
      this.received(datagram, from.address, from.port);
      this.#wasRead(1);
      // the event loop would read what else there is one by one
      if (!this.#areMore) this.#readBatches();
    });
    socket.on('error', (err) => log.error({ err, listener }, 'UDP socket error'));
  }

  /** Until the socket is empty or others wait: to read a datagram is soon done. */
  #readBatches(): void {
    if (this.#batched === undefined) return;
    const { batches, descriptor } = this.#batched;
    for (let batch = 0; batch < BATCHES_AT_ONCE; batch++) {
      if (this.#closed) return; // its descriptor may be another's by now
      const count = batches.arrived.take(descriptor);
      for (let index = 0; index < count; index++) this.#receivedIn(batches, index);
      this.#wasRead(count);
      this.#areMore = count === BATCH;
      if (!this.#areMore) return;
    }
  }

  #receivedIn({ arrived, addresses }: DatagramBatches, index: number): void {
    const port = arrived.port(index);
    const peer = this.#peers.recentOn(port);
    const isKnown = peer?.name !== undefined && arrived.isFrom(index, peer.name);
    const address = isKnown ? peer.address : addresses.of(arrived, index);
    this.received(arrived.bytes(index), address, port);
  }

  #wasRead(count: number): void {
    this.#read += count;
    // those that are refused bring no turn, and would add up over many until it looks as if more were waiting
    if (this.#read >= READ_AT_ONCE / 2) this.#soon();
  }

  /** The channel to this peer, the same object for as long as it is remembered. */
  peer(address: string, port: number): UdpPeer {
    return this.#peers.of(address, port);
  }

  send(message: string, peer: UdpPeer, failed: ((problem: Error) => void) | undefined): void {
    if (this.#closed) {
      if (failed) process.nextTick(this.#context.report, failed, new Error('the socket is closed'));
      return;
    }
    this.#departures.add(message, peer, failed);
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

  finish(): void {
    this.#batched = undefined; // or more would be read
    while (this.#due) this.#turn();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#departures.sendAll();
    this.#closed = true;
    this.#lanes.close();
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
    if (!events.admits(this.listener, address, port, datagram)) {
      this.#lanes.refused(address, port);
      return;
    }
    if (datagram.length > settings.messageBytes) {
      limits.hit('message-size');
      events.tooLarge(this.peer(address, port));
      return;
    }

    const start = afterKeepAlive(datagram);
    if (start === datagram.length) return;
    const isMuch = datagram.length > MUCH_BYTES;
    this.#arrivals.add({
      datagram: isMuch ? Buffer.from(datagram.subarray(start)) : datagram.toString('latin1', start),
      peer: this.peer(address, port),
    });
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
    const context = this.#context;
    const { pace } = context;
    const now = performance.now();
    const arrived = this.#arrivals.take(now);
    const isLoad = arrived.length > 0 || this.#laneBrought;
    const areMore = this.#areMore || this.#read >= READ_AT_ONCE || this.#arrivals.areLeft;
    this.#laneBrought = false;
    this.#areMore = false;
    this.#read = 0;
    if (isLoad) pace.begin();
    for (const { datagram, peer, since = now } of arrived) {
      context.takenAt = since;
      context.events.message(
        typeof datagram === 'string' ? datagram : datagram.toString('latin1'),
        peer,
      );
    }
    this.#departures.sendAll();
    if (isLoad && !areMore) pace.end();
    if (areMore || (isLoad && pace.isLoad)) this.#readBatches();
    if (this.#arrivals.areLeft) this.#soon();
  }
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
