import type { Socket } from 'node:net';
import type { ProgramPortSettings } from '../../config/settings.ts';
import type { TransportLog } from '../transport/transport-context.ts';
import { Attention } from './attention.ts';
import { FrameReader } from './frame-reader.ts';
import type { Agents, Program } from './program.ts';
import { type Asked, readCommand } from './read-command.ts';
import type { SecretCheck } from './secret-check.ts';
import { writeFrame } from './write-frame.ts';

/** Room for the longest `authenticate` there can be: what a stranger may have us keep. */
const GREETING_BYTES = 4096;
/** Frames handled before the rest of the gate has its turn again. */
const FRAMES_AT_ONCE = 32;
/** SIP messages of one program that wait to be sent, as for a name to be resolved; more are not read. */
const MOST_UNDER_WAY = 256;
/** How long a connection that we close may take to hear our last word. */
const GOODBYE_MS = 2000;
const MOST_VERBS = 64;

/** Why a connection was turned away or cut off. */
export type Refusal = 'too-many' | 'time' | 'secret' | 'format' | 'stalled';

/** What the connections of programs share. */
export interface Desk {
  readonly limits: ProgramPortSettings['limits'];
  readonly log: TransportLog;
  readonly agents: Agents;
  readonly secret: SecretCheck;
  /** Behind `OK` in the answer to `authenticate`: hostports, version, local hostports. */
  readonly greeting: readonly string[];
  received(): void;
  sent(): void;
  opened(connection: ProgramConnection): void;
  refused(why: Refusal): void;
  /** Its secret was right: may it stay? */
  admits(connection: ProgramConnection): boolean;
  /** It was told that it may. */
  known(connection: ProgramConnection): void;
  routed(connection: ProgramConnection, verb: string): void;
  unrouted(connection: ProgramConnection, verb: string): void;
  /** It was known, and is no longer connected. */
  lost(connection: ProgramConnection): void;
  /** Its socket is closed, whatever it was. */
  closed(connection: ProgramConnection): void;
}

/** A program's connection, whoever opened it: authenticated first, then full of commands. */
export class ProgramConnection implements Program {
  readonly address: string;
  readonly port: number;
  /** For one request that we connected to the program for; it asks for no methods then. */
  readonly outbound: boolean;
  readonly verbs = new Set<string>();
  tags: readonly string[] = [];
  readonly #attention: Attention;
  readonly #desk: Desk;
  readonly #socket: Socket;
  readonly #reader = new FrameReader(GREETING_BYTES);
  /** SIP commands that have no response yet. */
  readonly #underWay = new Set<string>();
  readonly #openedAt = performance.now();
  #state: 'strange' | 'guessing' | 'known' | 'closing' | 'gone' = 'strange';
  #working = false;
  #paused = false;
  #closingSince = 0;
  /** Frames that wait until the socket has taken those before, and their bytes. */
  #queue: string[] = [];
  #queuedBytes = 0;
  /** Bytes written so far, how many of them the system had taken, and when it last took some. */
  #written = 0;
  #taken = 0;
  #takenAt = 0;
  #saidLost = false;

  constructor(desk: Desk, socket: Socket, outbound: boolean) {
    this.#desk = desk;
    this.#socket = socket;
    this.outbound = outbound;
    this.address = socket.remoteAddress ?? '';
    this.port = socket.remotePort ?? 0;
    this.#attention = new Attention(desk.limits);
    socket.setNoDelay(true);
    if (desk.limits.keepAliveSeconds > 0)
      socket.setKeepAlive(true, desk.limits.keepAliveSeconds * 1000);
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('drain', () => this.#drained());
    socket.on('error', ignore);
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#closed());
    desk.opened(this);
  }

  /** Authenticated and there. */
  get connected(): boolean {
    return this.#state === 'known';
  }

  /** Takes what it is sent; one that does not for long is disconnected. */
  get reads(): boolean {
    return this.#unread <= this.#most / 4;
  }

  /** Has its turn when it comes. */
  attends(now: number): boolean {
    return this.reads && !this.#attention.lost(now);
  }

  /** Fit to be given a request: it attends, or it is time to see whether it does again. */
  isFit(now: number): boolean {
    return this.reads && (!this.#attention.lost(now) || this.#attention.mayTry(now));
  }

  get who(): { readonly program: string; readonly tags?: string } {
    const program = `${this.address}:${this.port}`;
    return this.tags.length === 0 ? { program } : { program, tags: this.tags.join(',') };
  }

  send(tokens: readonly (string | number)[], message?: string): void {
    if (!this.connected) return;
    if (tokens[0] === 'response') this.#underWay.delete(String(tokens[1]));
    this.#write(writeFrame(tokens, message));
    if (this.#paused) this.#resume();
    if (this.#unread > this.#most) this.#stalled(`${this.#unread} bytes wait for it`);
  }

  /** It was chosen for a request; hands out what is to be called when the caller gives up. */
  given(now: number): () => void {
    const withdraw = this.#attention.given(now);
    if (!this.#saidLost && this.#attention.lost(now)) {
      this.#saidLost = true;
      this.#desk.log.warn(
        this.who,
        'a program answers none of its requests: it loses its turn until it does',
      );
    }
    return () => withdraw(performance.now());
  }

  /** Says a last word and ends the connection; nothing more is read. */
  dismiss(...tokens: readonly string[]): void {
    if (this.#state === 'closing' || this.#state === 'gone') return;
    if (tokens.length > 0) this.#write(writeFrame(tokens));
    this.#leave();
  }

  /** Looked at about once a second: ends what has overstayed. */
  checkTime(now: number): void {
    const { authenticateSeconds, stalledSeconds } = this.#desk.limits;
    if (this.#state === 'closing') {
      if (now - this.#closingSince > GOODBYE_MS) this.#socket.destroy();
      return;
    }
    if (this.#state === 'strange' && now - this.#openedAt > authenticateSeconds * 1000) {
      this.#desk.refused('time');
      this.#desk.log.warn(this.who, 'a program connected and did not authenticate in time');
      this.dismiss();
      return;
    }
    const taken = this.#written - this.#unread;
    if (taken !== this.#taken || this.#unread === 0) {
      this.#taken = taken;
      this.#takenAt = now;
    } else if (now - this.#takenAt > stalledSeconds * 1000)
      this.#stalled(`it took nothing for ${stalledSeconds} s`);
  }

  /** At once, without a word. */
  destroy(): void {
    this.#leave();
    this.#socket.destroy();
  }

  get #most(): number {
    return this.#desk.limits.unsentBytes;
  }

  // --- reading

  #received(chunk: Buffer): void {
    if (this.#state !== 'strange' && this.#state !== 'known') return;
    this.#reader.push(chunk);
    if (!this.#working) this.#work();
  }

  /** What it sent before it left still counts: it may have ended its calls so. */
  #ended(): void {
    while (this.#state === 'known') {
      const payload = this.#reader.next();
      if (payload === undefined) break;
      this.#frame(payload);
    }
    this.#leave();
  }

  /** Handles what is here, a little at a time, and reads on when there is nothing left to do first. */
  #work(): void {
    this.#working = false;
    for (let count = 0; this.#isReading(); count++) {
      if (count === FRAMES_AT_ONCE) {
        this.#working = true;
        this.#socket.pause();
        setImmediate(() => this.#work());
        return;
      }
      const payload = this.#reader.next();
      if (payload === undefined) {
        if (this.#reader.broken === undefined) this.#socket.resume();
        else this.#senseless(this.#reader.broken);
        return;
      }
      this.#frame(payload);
    }
  }

  /** Not while so much waits on our side that reading on would only add to it. */
  #isReading(): boolean {
    if (this.#state !== 'strange' && this.#state !== 'known') return false;
    this.#paused = this.#underWay.size >= MOST_UNDER_WAY || this.#unread > this.#most / 8;
    if (this.#paused) this.#socket.pause();
    return !this.#paused;
  }

  #resume(): void {
    if (!this.#paused || this.#working) return;
    this.#working = true;
    setImmediate(() => this.#work());
  }

  #senseless(why: string): void {
    this.#desk.refused('format');
    this.#desk.log.warn({ ...this.who, why }, 'a program sends what makes no sense');
    this.#leave();
  }

  #frame(payload: string): void {
    this.#desk.received();
    const asked = readCommand(payload);
    if (asked.kind === 'malformed') {
      this.#desk.refused('format');
      this.#desk.log.warn(
        { ...this.who, why: asked.reason },
        'a program sends what makes no sense',
      );
      this.dismiss('response', asked.id, 'NO', asked.reason);
    } else if (this.#state === 'strange') this.#first(asked);
    else this.#command(asked);
  }

  // --- before it is known

  #first(asked: Exclude<Asked, { kind: 'malformed' }>): void {
    const { log, secret } = this.#desk;
    if (asked.kind !== 'authenticate') {
      this.#desk.refused('secret');
      log.warn(this.who, 'a program did not authenticate first');
      this.dismiss('response', asked.id, 'NO', 'not authenticated');
      return;
    }
    if (!secret.matches(asked.secret)) {
      this.#desk.refused('secret');
      log.warn(this.who, 'a program gave the wrong secret');
      this.#state = 'guessing';
      this.#socket.pause();
      const delay = secret.failed(this.address, performance.now());
      setTimeout(() => this.dismiss('response', asked.id, 'NO', 'incorrect secret'), delay).unref();
      return;
    }
    this.tags = asked.tags;
    if (!this.#desk.admits(this)) {
      this.#desk.refused('too-many');
      log.warn(this.who, 'there are as many programs as programPort.limits allows');
      this.dismiss('response', asked.id, 'NO', 'too many programs');
      return;
    }
    this.#state = 'known';
    this.#reader.mostBytes = this.#desk.limits.frameBytes;
    this.#takenAt = performance.now();
    this.send(['response', asked.id, 'OK', ...this.#desk.greeting]);
    if (!this.outbound) log.info(this.who, 'a program has connected');
    this.#desk.known(this);
  }

  // --- once it is

  #command(asked: Exclude<Asked, { kind: 'malformed' }>): void {
    switch (asked.kind) {
      case 'authenticate':
        if (this.#desk.secret.matches(asked.secret))
          this.send(['response', asked.id, 'OK', ...this.#desk.greeting]);
        else this.dismiss('response', asked.id, 'NO', 'incorrect secret');
        return;
      case 'ping':
        this.send(['response', asked.id, 'OK', 'pong']);
        return;
      case 'route':
        this.#route(asked.id, asked.verb);
        return;
      case 'remove_route':
        if (this.verbs.delete(asked.verb)) this.#desk.unrouted(this, asked.verb);
        this.send(['response', asked.id, 'OK']);
        return;
      case 'sip':
      case 'proxy':
        if (asked.kind === 'sip') this.#underWay.add(asked.id);
        this.#attentive();
        if (!this.#guarded(() => this.#desk.agents.command(this, asked)))
          this.send(['response', asked.id, 'NOK', 'internal error']);
        return;
    }
  }

  #route(id: string, verb: string): void {
    if (!this.verbs.has(verb)) {
      if (this.verbs.size >= MOST_VERBS) {
        this.send(['response', id, 'NO', 'too many routes']);
        return;
      }
      this.verbs.add(verb);
      this.#desk.routed(this, verb);
    }
    this.send(['response', id, 'OK']);
  }

  #attentive(): void {
    this.#attention.heard();
    if (!this.#saidLost) return;
    this.#saidLost = false;
    this.#desk.log.info(this.who, 'a program answers again and has its turn');
  }

  // --- writing, and the end

  /** What it has not taken yet. */
  get #unread(): number {
    return this.#queuedBytes + this.#socket.writableLength;
  }

  /**
   * The socket is given little at a time: it says nothing before it has got rid of all that it holds, and then
   * a program that reads slowly would look like one that does not read.
   */
  #write(frame: string): void {
    this.#desk.sent();
    this.#written += frame.length;
    if (!this.#socket.writableNeedDrain && this.#queue.length === 0)
      this.#socket.write(frame, 'latin1');
    else {
      this.#queue.push(frame);
      this.#queuedBytes += frame.length;
    }
  }

  #drained(): void {
    let written = 0;
    for (; written < this.#queue.length && !this.#socket.writableNeedDrain; written++) {
      const frame = this.#queue[written] ?? '';
      this.#queuedBytes -= frame.length;
      this.#socket.write(frame, 'latin1');
    }
    this.#queue.splice(0, written);
    this.#resume();
  }

  #stalled(why: string): void {
    this.#desk.refused('stalled');
    this.#desk.log.error(
      { ...this.who, why },
      'a program does not read what it is sent and is disconnected',
    );
    this.destroy();
  }

  /** From now on it is nobody's program; what was written still goes out. */
  #leave(): void {
    if (this.#state === 'closing' || this.#state === 'gone') return;
    const was = this.#state;
    this.#state = 'closing';
    this.#closingSince = performance.now();
    for (const frame of this.#queue.splice(0)) this.#socket.write(frame, 'latin1');
    this.#queuedBytes = 0;
    this.#socket.end();
    this.#socket.resume();
    if (was === 'known') this.#guarded(() => this.#desk.lost(this));
  }

  #closed(): void {
    this.#leave();
    this.#state = 'gone';
    this.#desk.closed(this);
  }

  /** A bug of ours must not end the gate because a program found it. */
  #guarded(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (err) {
      this.#desk.log.error({ ...this.who, err }, 'a fault in the gate itself');
      return false;
    }
  }
}

/** The close that follows says all there is to say. */
function ignore(): void {}
