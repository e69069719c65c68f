import { randomUUID } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { FrameReader } from '../../src/engine/protocol/frame-reader.ts';
import { until } from './open-transports.ts';

/** A frame as a program gets it. */
export interface WireFrame {
  /** The sender's id first. */
  readonly tokens: readonly string[];
  /** One character per byte; undefined when the meta line was all. */
  readonly message: string | undefined;
}

/** The other end of a program's connection, which can also say what no program would. */
export class WireProgram implements AsyncDisposable {
  readonly socket: Socket;
  /** All it was sent, in order, as far as it reads. */
  readonly frames: WireFrame[] = [];
  closed = false;
  readonly #reader = new FrameReader(1_000_000);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      for (let next = this.#reader.next(); next !== undefined; next = this.#reader.next()) {
        const end = next.indexOf('\r\n');
        const line = end < 0 ? next : next.slice(0, end);
        const message = end < 0 ? undefined : next.slice(end + 2);
        this.frames.push({ tokens: line.split('|'), message });
      }
      if (this.#reader.broken !== undefined) throw new Error(this.#reader.broken);
    });
  }

  /** Connects to where programs connect. */
  static async connect(to: { address: string; port: number; tls?: boolean }): Promise<WireProgram> {
    const { address: host, port, tls = false } = to;
    const socket = tls
      ? connectTls({ host, port, rejectUnauthorized: false })
      : connect({ host, port });
    const program = new WireProgram(socket);
    let up = false;
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      up = true;
    });
    await until('connected', () => up || program.closed);
    return program;
  }

  /** Bytes as they are, one for each character. */
  raw(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** One frame with an id of its own, which is returned. */
  say(tokens: readonly string[], message?: string): string {
    const id = randomUUID();
    const line = [id, ...tokens].join('|');
    const payload = message === undefined ? line : `${line}\r\n${message}`;
    this.raw(`${payload.length}#${payload}`);
    return id;
  }

  /** The same, and what is answered, without the ids. */
  async ask(tokens: readonly string[], message?: string): Promise<readonly string[]> {
    const id = this.say(tokens, message);
    return (await this.responses(id, 1))[0] ?? [];
  }

  async responses(id: string, count: number): Promise<readonly (readonly string[])[]> {
    const found = () =>
      this.frames
        .filter(({ tokens }) => tokens[1] === 'response' && tokens[2] === id)
        .map(({ tokens }) => tokens.slice(3));
    await until(`${count} responses to ${id}`, () => found().length >= count || this.closed);
    return found();
  }

  authenticate(secret: string, tags = ''): Promise<readonly string[]> {
    return this.ask(['authenticate', secret, tags]);
  }

  /** Frames that are no responses. */
  given(): readonly WireFrame[] {
    return this.frames.filter(({ tokens }) => tokens[1] !== 'response');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await until('closed', () => this.closed);
  }
}

/** A program that listens and is connected to, as `srf.listen` makes one. */
export class ListeningProgram implements AsyncDisposable {
  readonly #server: Server;
  /** Every connection made to it. */
  readonly connections: WireProgram[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(
    host: string,
    greet: (program: WireProgram) => void,
    pair?: { readonly cert: string; readonly key: string },
  ): Promise<ListeningProgram> {
    const server = pair === undefined ? createServer() : createTlsServer(pair);
    const listening = new ListeningProgram(server);
    server.on(pair === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      const program = new WireProgram(socket);
      listening.connections.push(program);
      greet(program);
    });
    server.listen(0, host);
    await until('listening', () => server.listening);
    return listening;
  }

  /** `address:port`. */
  get place(): string {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('it does not listen');
    return `${bound.address}:${bound.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }
}
