import type { Socket } from 'node:net';
import { type FrameSink, StreamFramer, type Unframeable } from '../../sip/framing/stream-framer.ts';
import { Connection, type Peer } from './connection.ts';
import type { TransportContext } from './transport-context.ts';

/** A peer that does not answer a SYN or a ClientHello in this time is not there. */
const CONNECT_MS = 5000;
/** So much of what a peer sends is taken in one turn of the event loop, which is some forty requests: then others have theirs. */
const BYTES_IN_A_TURN = 16_384;
/**
 * Of the PBX or a trunk, which answers all phones over one connection: of sockets as many are read. If a phone's share had to
 * do, requests would come faster than their answers, and all that is held for them would grow until phones give up.
 */
const NEIGHBOURS_BYTES_IN_A_TURN = 32 * BYTES_IN_A_TURN;
const NOTHING = Buffer.alloc(0);

type Done = (problem?: Error | null) => void;

/** How a connection that we open comes up. */
interface Connecting {
  readonly event: 'connect' | 'secureConnect';
  readonly withinMs: number | undefined;
}

/** A TCP or TLS connection, ours or the peer's: messages cut by Content-Length, CRLF keep-alives answered. */
export class StreamConnection extends Connection implements FrameSink {
  readonly #socket: Socket;
  readonly #framer: StreamFramer;
  #pinged = false;
  #framed = false;
  #turn = 0;
  #takenInTurn = 0;
  /** Was received, and waits for the next turn. */
  #rest: Buffer | undefined;
  /** What was sent before a connection of ours was up; undefined once it is. */
  #waiting: { readonly message: string; readonly done: Done | undefined }[] | undefined;
  #waitingBytes = 0;
  #notUp: NodeJS.Timeout | undefined;

  constructor(context: TransportContext, peer: Peer, socket: Socket, connecting?: Connecting) {
    super(context, peer);
    this.#socket = socket;
    this.#framer = new StreamFramer(context.settings.messageBytes, this);
    if (connecting !== undefined) {
      this.spoken = true;
      this.#waiting = [];
      const { event, withinMs = CONNECT_MS } = connecting;
      this.#notUp = setTimeout(() => this.#giveUp(), withinMs);
      socket.once(event, () => this.#connected());
    }
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('error', (problem) => this.broke(problem));
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#closed());
  }

  framed(wire: string): void {
    this.spoken = true;
    this.#framed = true;
    this.messageSince = 0;
    if (this.open) this.context.events.message(wire, this);
  }

  pinged(): void {
    this.#pinged = true;
  }

  unframeable(head: string, problem: Unframeable): void {
    if (!this.open) return;
    if (problem === 'head-too-large' || problem === 'body-too-large')
      this.context.limits.hit('message-size');
    this.context.events.unframeable(head, problem, this);
    this.close();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  protected finish(): void {
    if (this.#waiting === undefined) this.#socket.end();
  }

  protected unsent(): number {
    return this.#waiting === undefined ? this.#socket.writableLength : this.#waitingBytes;
  }

  protected write(message: string, done?: Done): void {
    if (this.#waiting === undefined) {
      if (done === undefined) this.#socket.write(message, 'latin1');
      else this.#socket.write(message, 'latin1', done);
      return;
    }
    this.#waiting.push({ message, done });
    this.#waitingBytes += message.length;
  }

  #giveUp(): void {
    this.broke(new Error(`no connection to ${this.address} port ${this.port} in time`));
    this.destroy();
  }

  #connected(): void {
    clearTimeout(this.#notUp);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const { message, done } of waiting) this.write(message, done);
    if (!this.open) this.#socket.end();
  }

  #received(chunk: Buffer): void {
    if (!this.open) return; // closing: what still comes is not for us
    const turn = this.context.turns.current();
    if (turn !== this.#turn) this.#takenInTurn = 0;
    this.#turn = turn;
    const before = this.#takenInTurn;
    this.#takenInTurn += chunk.length;
    if (this.#takenInTurn <= BYTES_IN_A_TURN || this.#takenInTurn <= this.#mostInATurn)
      this.#take(chunk);
    else this.#giveWay(chunk, Math.max(0, this.#mostInATurn - before));
  }

  get #mostInATurn(): number {
    return this.realm === 'access' ? BYTES_IN_A_TURN : NEIGHBOURS_BYTES_IN_A_TURN;
  }

  /** What there is no room for waits for the next turn, and all that comes behind it in the socket. */
  #giveWay(chunk: Buffer, room: number): void {
    this.#socket.pause();
    this.#rest = chunk.subarray(room);
    setImmediate(() => this.#goOn());
    if (room > 0) this.#take(chunk.subarray(0, room));
  }

  #goOn(): void {
    const rest = this.#rest ?? NOTHING;
    const room = this.#mostInATurn;
    if (rest.length > room) {
      this.#rest = rest.subarray(room);
      setImmediate(() => this.#goOn());
      if (this.open) this.#take(rest.subarray(0, room));
      return;
    }
    this.#rest = undefined;
    this.#socket.resume();
    this.#received(rest);
  }

  /** The socket is closed next: what waits has its turn now. */
  #ended(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined && this.open) this.#take(rest);
    this.broke(new Error('the peer closed the connection'));
  }

  #take(chunk: Buffer): void {
    this.lastHeard = performance.now();
    this.#framed = false;
    this.#framer.push(chunk.toString('latin1'));
    if (!this.#framer.unfinished) this.messageSince = 0;
    else if (this.messageSince === 0) this.messageSince = this.lastHeard;
    if (this.#pinged) {
      this.#pinged = false;
      this.pong();
    }
    this.heard(this.#framed);
  }

  #closed(): void {
    clearTimeout(this.#notUp);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.broke(new Error('the connection closed'));
    for (const { done } of waiting) done?.(new Error('never connected'));
    this.gone();
  }
}
