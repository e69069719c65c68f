import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { eventually } from './eventually.ts';
import { type Frame, FrameProgram } from './frame-program.ts';

/** A program's connection, opened by either side, over TCP or TLS. */
export class WireProgram extends FrameProgram implements AsyncDisposable {
  /** Connects to where programs connect. */
  static async to(place: { address: string; port: number; tls?: boolean }): Promise<WireProgram> {
    const { address: host, port, tls = false } = place;
    const socket = tls
      ? connectTls({ host, port, rejectUnauthorized: false })
      : connect({ host, port, noDelay: true });
    const program = new WireProgram(socket);
    let up = false;
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      up = true;
    });
    await eventually(() => up || program.closed, 'connected');
    return program;
  }

  /** One frame with an id of its own, which is returned. */
  say(tokens: readonly string[], message?: string): string {
    const line = tokens.join('|');
    return this.command(message === undefined ? line : `${line}\r\n${message}`);
  }

  /** What a command is answered, without the ids. */
  async told(tokens: readonly string[], message?: string): Promise<readonly string[]> {
    return (await this.responses(this.say(tokens, message), 1))[0] ?? [];
  }

  async responses(id: string, count: number): Promise<readonly (readonly string[])[]> {
    const found = () =>
      this.frames
        .filter(({ tokens }) => tokens[1] === 'response' && tokens[2] === id)
        .map(({ tokens }) => tokens.slice(3));
    await eventually(() => found().length >= count || this.closed, `${count} responses to ${id}`);
    return found();
  }

  authenticate(secret: string, tags = ''): Promise<readonly string[]> {
    return this.told(['authenticate', secret, tags]);
  }

  /** Frames that are no responses. */
  given(): readonly Frame[] {
    return this.frames.filter(({ tokens }) => tokens[1] !== 'response');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await eventually(() => this.closed, 'closed');
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
    await eventually(() => server.listening, 'listening');
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
