import type { FarEnd, Flow, Listener, Realm, Received, Transport } from '../../edge/signaling.ts';
import type { InheritedSocket } from '../hand-over/inheritance.ts';
import type { ServedCertificate } from './certificate/certificates.ts';

/** A flow as the engine sees it: it can be written to. */
export interface Channel extends Flow {
  /** TCP, TLS, WS, WSS: nothing is retransmitted over it. */
  readonly reliable: boolean;
  /**
   * Sends one whole message, one character per byte (latin1), at most once per call, without waiting. A connection still being opened
   * queues it; one that cannot be opened, or is closed, reports `failed` once per message.
   */
  send(message: string, failed?: (problem: Error) => void): void;
  /**
   * The same peer at another port, out of the same socket: where an answer goes when the client's Via has no
   * `rport` (RFC 3261 §18.2.2). A connection answers on itself.
   */
  atPort(port: number): Channel;
  /** What came over it was left unanswered: of a connection over which nothing else was said it is as if nothing had come. */
  disregarded(): void;
  /** Ends a connection once what was written is out. No effect on UDP. */
  close(): void;
}

export interface TransportEvents {
  /**
   * May this be read at all? Asked before anything is parsed: of each datagram and each message over a connection, and
   * once per connection, before the TLS handshake, when nothing has come yet.
   */
  admits(listener: Listener, address: string, port: number, received?: Received): boolean;
  /** Is everything from there refused, however little it is? Asked about whoever floods. */
  isShutOut(listener: Listener, address: string, port: number): boolean;
  /** Where a source stands. Asked often, so it must be quick. */
  realmOf(source: Pick<Flow, 'listener' | 'transport' | 'address' | 'port'>): Realm;
  /** One whole message, one character per byte (latin1). */
  message(wire: string, channel: Channel): void;
  /**
   * Bytes on a connection that can never become a message (no end of headers within the limit, a bad or
   * contradictory Content-Length). The head as far as it came; the connection is closed after this returns,
   * so an answer may still be sent.
   */
  unframeable(head: string, problem: FramingProblem, channel: Channel): void;
  /** A datagram longer than any message may be. */
  tooLarge(channel: Channel): void;
  closed(channel: Channel): void;
}

export type FramingProblem =
  | 'content-length'
  | 'content-length-missing'
  | 'head-too-large'
  | 'body-too-large'
  | 'not-sip';

export interface Transports {
  /** What is really bound, after `open`. */
  readonly listeners: readonly Listener[];
  open(): Promise<void>;
  /**
   * The channel to this address: the open connection if there is one (the one a peer opened to us included,
   * RFC 5923 is not assumed for access), else a new one, returned at once. `undefined` when nothing listens
   * on that transport and address family in that realm (any realm, when none in that one).
   */
  channelTo(to: Destination): Channel | undefined;
  /** The way back that a flow token names. */
  channelFrom(token: string): Channel | 'forged' | 'stale';
  /** Cuts the connections that others opened to us where this holds of the far end. */
  cut(which: FarEnd): void;
  counts(): ConnectionCounts;
  /** Datagrams the system threw away because we did not read them in time, or that waited too long here. Reads files: for a metric. */
  datagramsDropped(): number;
  /** Blocked sources that flood, each with a short queue of its own. */
  readonly floodLanes: number;
  /** What the thread slept on purpose while packets came, in all: the event loop takes it for work. */
  readonly sleptMs: number;
  /** When the datagram that is handled now was taken off its socket, as `performance.now` has it. */
  readonly takenAt: number;
  /** Those that are open. */
  connections(): Iterable<Channel>;
  /** What a gate that takes our place would inherit. Reads files. */
  descriptors(): readonly InheritedSocket[];
  /** Accepts no new connections any more: another process does. Those that are open stay. */
  retire(): void;
  /**
   * Where another gate's place is taken: accepts connections, and hears what the other passes on; `registered` is told of
   * what its PBX took meanwhile. Nothing, elsewhere.
   */
  succeed(registered: (row: unknown) => void): Promise<void>;
  /** Another gate, whose place is taken, is not done yet. */
  readonly inherits: boolean;
  /** The certificates that TLS is served with now, and how long they last. */
  certificates(): readonly ServedCertificate[];
  /** Handles the datagrams that were read: `close`, which is to follow at once, would forget them. */
  finish(): void;
  close(): Promise<void>;
}

export interface Destination {
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  readonly realm: Realm;
  /**
   * For SNI and the check of the peer's certificate, when the next hop was a host name. Only a connection that was
   * opened for that name is used again.
   */
  readonly serverName?: string;
  /** How long to wait for a new connection to be up, when that is less than connections are given. */
  readonly withinMs?: number;
}

export interface ConnectionCounts {
  readonly open: number;
  readonly byTransport: Readonly<Partial<Record<Transport, number>>>;
  readonly handshaking: number;
  /** Turned away or cut off, by limit. */
  readonly refused: Readonly<Record<ConnectionLimit, number>>;
}

export type ConnectionLimit =
  | 'per-source'
  | 'total'
  | 'handshake-time'
  | 'message-time'
  | 'idle-time'
  | 'message-size'
  | 'pieces'
  | 'send-backlog';
