import type { Socket } from 'node:net';
import type { Timed } from './connections.ts';
import type { TransportContext } from './transport-context.ts';

/** A connection that was let in and does not carry SIP yet; it is ended when that takes too long. */
export class Handshake implements Timed {
  readonly #context: TransportContext;
  readonly #socket: Socket;
  readonly #begun = performance.now();

  constructor(context: TransportContext, socket: Socket) {
    this.#context = context;
    this.#socket = socket;
    context.connections.beginHandshake(this);
    socket.once('close', () => this.over());
  }

  over(): void {
    this.#context.connections.endHandshake(this);
  }

  checkTime(now: number): void {
    if (now - this.#begun <= this.#context.settings.handshakeSeconds * 1000) return;
    this.#context.limits.hit('handshake-time');
    this.#socket.destroy();
  }
}
