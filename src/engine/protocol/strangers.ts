import type { Socket } from 'node:net';

/** They must not take the places of programs. */
const MOST = 32;

/** The connections to the port that have not authenticated, TLS handshakes among them, oldest first. */
export class Strangers {
  /** By where they come from: TLS makes another socket of the one that was let in. */
  readonly #sockets = new Map<string, Socket>();

  /** One more; when there are too many the oldest has to go, since a program says who it is at once. */
  add(socket: Socket): Socket | undefined {
    const [oldest] = this.#sockets;
    const full = oldest !== undefined && this.#sockets.size >= MOST;
    if (full) this.#sockets.delete(oldest[0]);
    const place = placeOf(socket.remoteAddress, socket.remotePort);
    this.#sockets.set(place, socket);
    socket.once('close', () => {
      if (this.#sockets.get(place) === socket) this.#sockets.delete(place);
    });
    return full ? oldest[1] : undefined;
  }

  /** It has said who it is. */
  remove(address: string, port: number): void {
    this.#sockets.delete(placeOf(address, port));
  }
}

const placeOf = (address = '', port = 0): string => `${address} ${port}`;
