import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Channel } from '../transport/transports.ts';
import { type Frame, frameReader, withNames, writeFrame } from './frames.ts';

/** What it does not read in time is lost, as datagrams are: those who sent it send it again. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024;
/** How long it may take to take the last sockets. */
const TAKING_MS = 3000;

/** So long may a phone ring, and nothing be said. */
const IN_USE_MS = 64_000;

export interface SuccessorHost {
  channelFrom(token: string): Channel | 'forged' | 'stale';
  /** It is connected: it accepts connections from now on. */
  came(): void;
  /** It is gone before it had all. */
  lost(): void;
}

/** The gate that takes our place, as we see it: what is not ours goes there, and what it sends goes out by our sockets. */
export class Successor {
  readonly #host: SuccessorHost;
  readonly #path: string;
  readonly #server: Server;
  #socket: Socket | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #ending = false;
  /** When something went over a connection for it, last. */
  readonly #used = new Map<string, number>();

  private constructor(path: string, server: Server, host: SuccessorHost) {
    this.#path = path;
    this.#server = server;
    this.#host = host;
    server.maxConnections = 1;
    server.on('connection', (socket) => this.#met(socket));
  }

  /** What is passed on before it connects waits for it. */
  static async expect(path: string, host: SuccessorHost): Promise<Successor> {
    rmSync(path, { force: true });
    // it says that it reads the sockets by closing its side: what we had read until then still goes there
    const server = createServer({ allowHalfOpen: true });
    server.listen(path); // in the data directory, which is nobody else's
    await once(server, 'listening');
    server.unref(); // nobody stays alive for one that does not come
    return new Successor(path, server, host);
  }

  /** Is something of its under way there, as far as we can tell? */
  uses(token: string): boolean {
    const last = this.#used.get(token);
    return (
      this.#socket === undefined || (last !== undefined && performance.now() - last < IN_USE_MS)
    );
  }

  pass(wire: string, channel: Channel): void {
    if (channel.reliable) this.#used.set(channel.token, performance.now());
    const frame = writeFrame('message', channel.token, withNames(channel.certificateNames, wire));
    if (this.#waitingNow() + frame.length <= MOST_WAITING_BYTES) this.#say(frame);
  }

  closed(channel: Channel): void {
    this.#used.delete(channel.token);
    this.#say(writeFrame('closed', channel.token));
  }

  /** A registration that was under way was taken by the PBX. */
  registered(row: object): void {
    this.#say(writeFrame('registered', '', Buffer.from(JSON.stringify(row))));
  }

  /** We are done: resolves when it reads the sockets itself, or is gone. */
  async taken(): Promise<void> {
    this.#ending = true;
    const socket = this.#socket;
    if (socket === undefined || socket.closed) return;
    this.#say(writeFrame('last'));
    await either(socket, ['end', 'close']);
  }

  /** Resolves when it has all that we passed on, or is gone. */
  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket !== undefined && !socket.closed) {
      socket.end();
      await either(socket, ['close']);
    }
    this.#server.close();
    rmSync(this.#path, { force: true });
  }

  #waitingNow(): number {
    return this.#socket?.writableLength ?? this.#waitingBytes;
  }

  /** What is no message is small, and lost it would leave a connection or a registration wrong for good. */
  #say(frame: Buffer): void {
    if (this.#socket !== undefined) this.#socket.write(frame);
    else {
      this.#waiting.push(frame);
      this.#waitingBytes += frame.length;
    }
  }

  #met(socket: Socket): void {
    this.#socket = socket;
    for (const frame of this.#waiting.splice(0)) socket.write(frame);
    socket.on('error', () => socket.destroy());
    socket.on(
      'data',
      frameReader((frame) => this.#heard(frame)),
    );
    socket.once('end', () => {
      if (!this.#ending) socket.end();
    });
    socket.once('close', () => {
      if (!this.#ending) this.#host.lost();
    });
    this.#host.came();
  }

  #heard({ kind, token, content }: Frame): void {
    const channel = this.#host.channelFrom(token);
    if (typeof channel === 'string') this.#say(writeFrame('closed', token));
    else if (kind === 'close') channel.close();
    else {
      if (channel.reliable) this.#used.set(token, performance.now());
      channel.send(content.toString('latin1'));
    }
  }
}

/** Whoever takes too long for it is cut off. */
async function either(socket: Socket, events: readonly string[]): Promise<void> {
  const patience = setTimeout(() => socket.destroy(), TAKING_MS);
  await new Promise((resolve) => {
    for (const event of events) socket.once(event, resolve);
  });
  clearTimeout(patience);
}
