import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { ListenerSettings } from '../../config/settings.ts';
import type { Listener } from '../../edge/signaling.ts';
import type { Peer } from './connection.ts';
import { Handshake } from './handshake.ts';
import type { Greeting } from './stream-listener.ts';
import type { TransportContext } from './transport-context.ts';
import { WebSocketConnection } from './websocket-connection.ts';

const SUBPROTOCOL = 'sip';
const HEADER_BYTES = 8192;
/** Each is an object of its own until the message is whole; what browsers send in several frames is far longer than ours may be. */
const MOST_FRAGMENTS = 64;

interface Guest {
  readonly peer: Peer;
  readonly handshake: Handshake;
}

/**
 * The HTTP upgrade that opens a WebSocket (RFC 7118 §4.1), at any path, and from the pages that `origins` names, where it does:
 * a browser connects for whatever page somebody has open, from his address. What is no browser names none. Whoever asks for
 * anything else is told nothing: what Node and ws would say tells what runs here.
 */
export class WebSocketGreeting implements Greeting {
  readonly #context: TransportContext;
  readonly #http: Server;
  readonly #websockets: WebSocketServer;
  readonly #guests = new WeakMap<object, Guest>();
  readonly #origins: ListenerSettings['origins'];

  constructor(context: TransportContext, origins: ListenerSettings['origins']) {
    this.#context = context;
    this.#origins = origins;
    this.#websockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: context.settings.messageBytes,
      maxFragments: MOST_FRAGMENTS,
      // one frame in a turn of the event loop: who sends thousands at once holds up nobody
      allowSynchronousEvents: false,
      // SIP is bytes to us: what a peer calls text is passed on as it came.
      skipUTF8Validation: true,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
    // It never listens: connections come from ours, already counted, and its clocks are ours too.
    this.#http = createServer({ maxHeaderSize: HEADER_BYTES, requireHostHeader: false });
    this.#http.timeout = 0;
    for (const event of ['request', 'checkContinue', 'checkExpectation'] as const)
      this.#http.on(event, ({ socket }: IncomingMessage) => socket.destroy());
    this.#websockets.on('wsClientError', (_problem, socket) => socket.destroy());
    this.#http.on('clientError', (_problem, socket) => socket.destroy());
    this.#http.on('upgrade', (request, socket, head) => {
      this.#upgrade(request, socket as Socket, head);
    });
  }

  greet(socket: Socket, listener: Listener): void {
    const { remoteAddress: address, remotePort: port } = socket;
    if (address === undefined || port === undefined) {
      socket.destroy();
      return;
    }
    const peer = { listener, address, port, certificateNames: [] };
    this.expect(socket, peer, new Handshake(this.#context, socket));
  }

  /** Waits for the upgrade on a connection whose handshake has begun. */
  expect(socket: Socket, peer: Peer, handshake: Handshake): void {
    this.#guests.set(socket, { peer, handshake });
    this.#http.emit('connection', socket);
  }

  close(): void {
    this.#http.removeAllListeners();
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const guest = this.#guests.get(socket);
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',');
    const speaksSip = offered.some((name) => name.trim() === SUBPROTOCOL);
    if (guest === undefined || !speaksSip || !this.#mayConnect(request.headers.origin)) {
      socket.destroy();
      return;
    }
    this.#websockets.handleUpgrade(request, socket, head, (websocket) => {
      guest.handshake.over();
      new WebSocketConnection(this.#context, guest.peer, websocket, socket);
    });
  }

  #mayConnect(origin: string | undefined): boolean {
    const origins = this.#origins;
    return origins === undefined || origin === undefined || origins.includes(origin.toLowerCase());
  }
}
