import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { FarEnd, Listener } from '../../edge/signaling.ts';
import { StreamConnection } from './stream-connection.ts';
import type { TransportContext } from './transport-context.ts';

/** Out of file descriptors and the like: said again at most this often. */
const ACCEPT_PROBLEM_EVERY_MS = 5000;

/**
 * What happens between a TCP connection being let in and it carrying SIP: nothing for TCP, a handshake
 * for TLS, an HTTP upgrade for WebSocket. Absent for plain TCP.
 */
export interface Greeting {
  /** Takes over a connection that was let in. */
  greet(socket: Socket, listener: Listener): void;
  close(): void;
}

/** One listening TCP port: lets connections in, within the limits, and hands them to what speaks on them. */
export class StreamListener {
  readonly listener: Listener;
  readonly #context: TransportContext;
  readonly #server: Server;
  readonly #greeting: Greeting | undefined;
  readonly #accepted = new Set<Socket>();
  #problemSaid = Number.NEGATIVE_INFINITY;

  private constructor(
    context: TransportContext,
    server: Server,
    greeting: Greeting | undefined,
    listener: Listener,
  ) {
    this.#context = context;
    this.#server = server;
    this.#greeting = greeting;
    this.listener = listener;
    server.on('connection', (socket) => this.#accept(socket));
    server.on('error', (problem) => this.#cannotAccept(problem));
  }

  /** Binds; rejects when that is not possible. */
  static async bind(
    context: TransportContext,
    address: string,
    port: number,
    greeting: Greeting | undefined,
    describe: (bound: AddressInfo) => Listener,
  ): Promise<StreamListener> {
    const server = createServer({ noDelay: true });
    server.listen({ host: address, port, ipv6Only: address.includes(':'), backlog: 4096 });
    await once(server, 'listening');
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('not an IP listener');
    return new StreamListener(context, server, greeting, describe(bound));
  }

  /** One that the gate before us listens on too: nothing is accepted here until `begin`. */
  static inherited(
    context: TransportContext,
    greeting: Greeting | undefined,
    listener: Listener,
  ): StreamListener {
    return new StreamListener(context, createServer({ noDelay: true }), greeting, listener);
  }

  async begin(descriptor: number): Promise<void> {
    this.#server.listen({ fd: descriptor });
    await once(this.#server, 'listening');
  }

  /** Accepts nobody any more; who is connected stays. */
  retire(): void {
    this.#server.close();
  }

  /** Ends the connections where this holds of the far end. */
  cut(which: FarEnd): void {
    for (const socket of this.#accepted) {
      const { remoteAddress: address, remotePort: port } = socket;
      if (address === undefined || port === undefined) continue;
      if (which(this.listener, address, port)) socket.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    const closed = this.#closed();
    for (const socket of this.#accepted) socket.destroy();
    this.#greeting?.close();
    await closed;
  }

  /** Resolves when its last connection is gone too, whether or not it listens. */
  #closed(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #accept(socket: Socket): void {
    const { remoteAddress: address, remotePort: port } = socket;
    if (address === undefined || port === undefined) {
      socket.destroy();
      return;
    }
    socket.on('error', ignore);
    const { events, limits } = this.#context;
    const { listener } = this;
    const realm = () => events.realmOf({ listener, transport: listener.transport, address, port });
    if (!events.admits(listener, address, port) || !limits.enter(address, realm())) {
      // A reset, so that nothing of it stays with us in TIME_WAIT.
      socket.resetAndDestroy();
      return;
    }

    this.#accepted.add(socket);
    socket.once('close', () => {
      this.#accepted.delete(socket);
      limits.leave(address);
    });
    if (this.#greeting !== undefined) this.#greeting.greet(socket, listener);
    else {
      const peer = { listener, address, port, certificateNames: [] };
      new StreamConnection(this.#context, peer, socket);
    }
  }

  /** The system turned connections away (EMFILE); those that come later are accepted again by themselves. */
  #cannotAccept(err: Error): void {
    const now = performance.now();
    if (now - this.#problemSaid < ACCEPT_PROBLEM_EVERY_MS) return;
    this.#problemSaid = now;
    this.#context.log.error({ err, listener: this.listener }, 'cannot accept connections');
  }
}

/** Whoever reads the socket sees its end; the event only must not go unheard. */
function ignore(): void {}
