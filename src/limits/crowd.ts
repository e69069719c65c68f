/** A connection, as much of it as matters here. */
interface Connection {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  once(what: 'close', done: () => void): unknown;
}

/** Connections of whom we know nothing, of which there are no more than so many: one for each place they come from. */
export class Crowd<One extends Connection> {
  readonly #most: number;
  /** By address and port: TLS makes another socket of the one that was let in. The oldest first. */
  readonly #sockets = new Map<string, One>();

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * One more. When there are too many one has to go, since who has business here says so at once: the oldest of the
   * address that has the most, or one address could have nobody else get that far.
   */
  add(socket: One): One | undefined {
    const place = placeOf(socket.remoteAddress, socket.remotePort);
    this.#sockets.set(place, socket);
    socket.once('close', () => {
      if (this.#sockets.get(place) === socket) this.#sockets.delete(place);
    });
    if (this.#sockets.size <= this.#most) return undefined;
    const going = this.#oldestOfTheMost();
    const gone = this.#sockets.get(going);
    this.#sockets.delete(going);
    return gone;
  }

  /** It has said who it is. */
  remove(address: string, port: number): void {
    this.#sockets.delete(placeOf(address, port));
  }

  #oldestOfTheMost(): string {
    const byAddress = Map.groupBy(this.#sockets.keys(), (place) => place.split(' ', 1)[0]);
    return (
      [...byAddress.values()].reduce((most, some) =>
        some.length > most.length ? some : most,
      )[0] ?? ''
    );
  }
}

const placeOf = (address = '', port = 0): string => `${address} ${port}`;
