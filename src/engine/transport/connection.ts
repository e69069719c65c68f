import { listenerNumber } from '../../edge/flow-token.ts';
import type { Listener, Realm, Transport } from '../../edge/signaling.ts';
import type { TransportContext } from './transport-context.ts';
import type { Channel, ConnectionLimit } from './transports.ts';

/** Bytes accepted for sending and not yet taken by the system; beyond, the peer is not reading. */
const MOST_UNSENT_BYTES = 1024 * 1024;
/** So many times `messageSeconds` a peer may take nothing of what waits for it: strangers could open many, and read none. */
const STALLED_MESSAGES = 3;
/**
 * Of what ends no message (a part of one, a line end, a frame of WebSocket that carries none) so many in a row within about a
 * second. Each costs us as much as a message, its sender a few bytes, and no rule counts it.
 */
const MOST_PIECES = 200;
/** RFC 5626 §4.4.1, RFC 7118 §6. */
const PONG = '\r\n';
/** How long a connection we closed may take to say goodbye. */
const GOODBYE_MS = 2000;

/** Who is at the other end, and through which listener. */
export interface Peer {
  readonly listener: Listener;
  readonly address: string;
  readonly port: number;
  readonly certificateNames: readonly string[];
  /** The name that its certificate had to bear for us to connect. */
  readonly serverName?: string | undefined;
}

type SendFailed = (problem: Error) => void;

/** What TCP, TLS and WebSocket connections have in common: identity, limits, and one report of the end. */
export abstract class Connection implements Channel {
  readonly reliable = true;
  readonly listener: Listener;
  readonly address: string;
  readonly port: number;
  readonly certificateNames: readonly string[];
  readonly serverName: string | undefined;
  readonly serial: number;
  protected readonly context: TransportContext;
  /** Since when a message has begun and not ended; 0 between messages. */
  protected messageSince = 0;
  protected lastHeard = performance.now();
  /** A message has come over it that was not disregarded, or it is one that we opened. */
  protected spoken = false;
  readonly #openedAt = performance.now();
  #pieces = 0;
  /** Something of ours went out: whoever is there knows of us. */
  #said = false;
  #closingSince = 0;
  /** Bytes accepted for sending in all, the most that were seen to be out, and since when those are so many. */
  #accepted = 0;
  #taken = 0;
  #takenAt = performance.now();
  #problem: Error | undefined;
  #open = true;
  #token = '';

  constructor(context: TransportContext, peer: Peer) {
    this.context = context;
    this.listener = peer.listener;
    this.address = peer.address;
    this.port = peer.port;
    this.certificateNames = peer.certificateNames;
    this.serverName = peer.serverName;
    this.serial = context.connections.nextSerial();
    context.connections.add(this);
  }

  /** Writes to the socket, or queues; `done` is called once, with a problem when it failed. */
  protected abstract write(message: string, done?: (problem?: Error | null) => void): void;
  /** Bytes accepted by `write` and not yet out. */
  protected abstract unsent(): number;
  /** Says goodbye after what was written is out. */
  protected abstract finish(): void;
  /** Ends the socket at once. */
  abstract destroy(): void;

  get transport(): Transport {
    return this.listener.transport;
  }

  get realm(): Realm {
    return this.context.events.realmOf(this);
  }

  atPort(): Channel {
    return this;
  }

  get open(): boolean {
    return this.#open;
  }

  get token(): string {
    if (this.#token === '')
      this.#token = this.context.tokens.sign({
        transport: this.transport,
        listener: listenerNumber(this.listener),
        address: this.address,
        port: this.port,
        serial: this.serial,
      });
    return this.#token;
  }

  send(message: string, failed?: SendFailed): void {
    this.#said = true;
    if (!this.#open) {
      if (failed) {
        const problem = this.#problem ?? new Error('the connection is closed');
        process.nextTick(this.context.report, failed, problem);
      }
      return;
    }
    if (this.unsent() + message.length > MOST_UNSENT_BYTES) {
      this.cut('send-backlog', 'the peer does not read what it is sent');
      if (failed) {
        const problem = this.#problem ?? new Error('send backlog');
        process.nextTick(this.context.report, failed, problem);
      }
      return;
    }
    this.#accepted += message.length;
    if (failed === undefined) this.write(message);
    else
      this.write(message, (problem) => {
        if (problem) this.context.report(failed, this.#problem ?? problem);
      });
  }

  disregarded(): void {
    if (!this.#said) this.spoken = false;
  }

  close(): void {
    if (!this.#open) return;
    this.#closingSince = performance.now();
    this.#shut();
    this.finish();
  }

  checkTime(now: number): void {
    this.#pieces = 0;
    const { messageSeconds, firstMessageSeconds, idleSeconds } = this.context.settings;
    if (this.#closingSince !== 0) {
      if (now - this.#closingSince > GOODBYE_MS) this.destroy();
    } else if (this.messageSince !== 0 && now - this.messageSince > messageSeconds * 1000)
      this.cut('message-time', 'a message took too long to arrive');
    else if (this.#isStalled(now))
      this.cut('send-backlog', 'the peer takes nothing of what it is sent');
    else if (!this.spoken && now - this.#openedAt > firstMessageSeconds * 1000)
      this.cut('idle-time', 'nothing was said');
    else if (now - this.lastHeard > idleSeconds * 1000) {
      this.context.limits.hit('idle-time');
      this.close();
    }
  }

  #isStalled(now: number): boolean {
    const unsent = this.unsent();
    const taken = this.#accepted - unsent;
    if (unsent === 0 || taken > this.#taken) {
      this.#taken = taken;
      this.#takenAt = now;
      return false;
    }
    return now - this.#takenAt > STALLED_MESSAGES * this.context.settings.messageSeconds * 1000;
  }

  /** Answers a keep-alive. A stranger whom we told nothing yet is not to learn by one that SIP is spoken here. */
  protected pong(): void {
    if (this.#said || this.realm !== 'access') this.send(PONG);
  }

  /** Something came that ended a message, or did not. Who sends little else but pieces is cut off. */
  protected heard(message: boolean): void {
    if (message) this.#pieces = 0;
    else this.#pieces += 1;
    if (this.#pieces <= MOST_PIECES || !this.#open) return;
    this.context.events.unframeable('', 'not-sip', this);
    this.cut('pieces', 'too many pieces of no message');
  }

  /** Ends the connection at once because of a limit. */
  protected cut(limit: ConnectionLimit, why: string): void {
    this.context.limits.hit(limit);
    this.broke(new Error(why));
    this.destroy();
  }

  /** Remembers why, for messages that can no longer be sent. */
  protected broke(problem: Error): void {
    this.#problem ??= problem;
    if (this.#closingSince === 0) this.#closingSince = performance.now();
    this.#shut();
  }

  /** The socket is closed. */
  protected gone(): void {
    this.#shut();
    if (this.context.connections.bySerial(this.serial) !== this) return;
    this.context.events.closed(this);
    this.context.connections.remove(this);
  }

  #shut(): void {
    this.#open = false;
    this.context.connections.hide(this);
  }
}
