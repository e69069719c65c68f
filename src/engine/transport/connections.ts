import type { Realm, Transport } from '../../edge/signaling.ts';
import type { Connection } from './connection.ts';

/** Something with a time limit, looked at about once a second. */
export interface Timed {
  checkTime(now: number): void;
}

/** Every live connection, by serial and by peer, and everything whose time is watched. */
export class Connections {
  readonly #bySerial = new Map<number, Connection>();
  readonly #byPeer = new Map<string, Connection>();
  readonly #timed = new Set<Timed>();
  #lastSerial = 0;

  get open(): number {
    return this.#bySerial.size;
  }

  nextSerial(): number {
    this.#lastSerial += 1;
    return this.#lastSerial;
  }

  add(connection: Connection): void {
    this.#bySerial.set(connection.serial, connection);
    this.#byPeer.set(peerOf(connection), connection);
    this.#timed.add(connection);
  }

  /** Closing: what it still has goes out, but nobody finds it any more. */
  hide(connection: Connection): void {
    const peer = peerOf(connection);
    if (this.#byPeer.get(peer) === connection) this.#byPeer.delete(peer);
  }

  remove(connection: Connection): void {
    this.hide(connection);
    this.#bySerial.delete(connection.serial);
    this.#timed.delete(connection);
  }

  bySerial(serial: number): Connection | undefined {
    return this.#bySerial.get(serial);
  }

  byPeer(
    transport: Transport,
    realm: Realm,
    address: string,
    port: number,
  ): Connection | undefined {
    return this.#byPeer.get(peerKey(transport, realm, address, port));
  }

  watch(timed: Timed): void {
    this.#timed.add(timed);
  }

  unwatch(timed: Timed): void {
    this.#timed.delete(timed);
  }

  /** Ends what has overstayed. */
  checkTimes(now: number): void {
    for (const timed of this.#timed) timed.checkTime(now);
  }

  all(): Iterable<Connection> {
    return this.#bySerial.values();
  }
}

function peerOf(connection: Connection): string {
  const { transport, listener, address, port } = connection;
  return peerKey(transport, listener.realm, address, port);
}

function peerKey(transport: Transport, realm: Realm, address: string, port: number): string {
  return `${transport} ${realm} ${address} ${port}`;
}
