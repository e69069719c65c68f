import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { Connection, type Peer } from './connection.ts';
import type { TransportContext } from './transport-context.ts';

/** SIP over WebSocket (RFC 7118): one message in each WebSocket message, text or binary. */
export class WebSocketConnection extends Connection {
  readonly #websocket: WebSocket;

  constructor(context: TransportContext, peer: Peer, websocket: WebSocket, socket: Socket) {
    super(context, peer);
    this.#websocket = websocket;
    // Before ws reads them: bytes that do not complete anything are the beginning of a message.
    socket.prependListener('data', () => {
      this.lastHeard = performance.now();
      if (this.messageSince === 0) this.messageSince = this.lastHeard;
      this.heard(false);
    });
    const complete = () => {
      this.messageSince = 0;
      this.heard(false);
    };
    websocket.on('ping', complete);
    websocket.on('pong', complete);
    websocket.on('message', (data) => {
      this.messageSince = 0;
      if (this.open) this.#received(data);
    });
    websocket.on('error', (problem: Error & { code?: string }) => {
      if (problem.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
        this.context.limits.hit('message-size');
      this.broke(problem);
    });
    websocket.on('close', () => this.gone());
  }

  destroy(): void {
    this.#websocket.terminate();
  }

  protected finish(): void {
    this.#websocket.close(1000);
  }

  protected unsent(): number {
    return this.#websocket.bufferedAmount;
  }

  protected write(message: string, done?: (problem?: Error | null) => void): void {
    const bytes = Buffer.from(message, 'latin1');
    // Browsers expect text, and drop a connection whose text is not UTF-8 (RFC 7118 §4.2).
    this.#websocket.send(bytes, { binary: !isUtf8(bytes) }, done);
  }

  #received(data: RawData): void {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.concat([data].flat().map(asBuffer));
    let start = 0;
    while (bytes[start] === 13 || bytes[start] === 10) start += 1;
    this.heard(start < bytes.length);
    if (start < bytes.length) {
      this.spoken = true;
      this.context.events.message(bytes.toString('latin1', start), this);
    } else if (start === 4) this.pong(); // RFC 7118 §6: the keep-alive of RFC 5626 may be used
  }
}

function asBuffer(part: Buffer | ArrayBuffer): Buffer {
  return Buffer.isBuffer(part) ? part : Buffer.from(part);
}
