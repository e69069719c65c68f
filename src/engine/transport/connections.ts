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
  readonly #handshakes = new Set<Timed>();
  #lastSerial = 0;
  #whenNone: (() => void) | undefined;

  get open(): number {
    return this.#bySerial.size;
  }

  /** How many of each kind are open, as they come and go. */
  readonly byTransport: Partial<Record<Transport, number>> = {};

  get handshaking(): number {
    return this.#handshakes.size;
  }

  nextSerial(): number {
    this.#lastSerial += 1;
    return this.#lastSerial;
  }

  add(connection: Connection): void {
    this.#count(connection.transport, 1);
    this.#bySerial.set(connection.serial, connection);
    const peer = peerOf(connection);
    this.#byPeer.set(peer, connection);
    if (connection.serverName !== undefined)
      this.#byPeer.set(named(peer, connection.serverName), connection);
  }

  /** Closing: what it still has goes out, but nobody finds it any more. */
  hide(connection: Connection): void {
    const peer = peerOf(connection);
    if (this.#byPeer.get(peer) === connection) this.#byPeer.delete(peer);
    if (connection.serverName === undefined) return;
    const byName = named(peer, connection.serverName);
    if (this.#byPeer.get(byName) === connection) this.#byPeer.delete(byName);
  }

  remove(connection: Connection): void {
    this.hide(connection);
    if (this.#bySerial.delete(connection.serial)) this.#count(connection.transport, -1);
    if (this.#bySerial.size === 0) this.#whenNone?.();
  }

  #count(transport: Transport, change: number): void {
    this.byTransport[transport] = (this.byTransport[transport] ?? 0) + change;
  }

  *all(): Iterable<Connection> {
    for (const connection of this.#bySerial.values()) if (connection.open) yield connection;
  }

  bySerial(serial: number): Connection | undefined {
    return this.#bySerial.get(serial);
  }

  /** With a name, only one on which the peer was asked to prove that it bears it. */
  byPeer(
    transport: Transport,
    realm: Realm,
    address: string,
    port: number,
    serverName?: string,
  ): Connection | undefined {
    const peer = peerKey(transport, realm, address, port);
    return this.#byPeer.get(serverName === undefined ? peer : named(peer, serverName));
  }

  beginHandshake(handshake: Timed): void {
    this.#handshakes.add(handshake);
  }

  endHandshake(handshake: Timed): void {
    this.#handshakes.delete(handshake);
  }

  /** Ends what has overstayed. */
  checkTimes(now: number): void {
    for (const handshake of this.#handshakes) handshake.checkTime(now);
    for (const connection of this.#bySerial.values()) connection.checkTime(now);
  }

  /** Ends every connection at once and waits until all have told that they are gone. */
  async destroyAll(): Promise<void> {
    if (this.#bySerial.size === 0) return;
    const none = new Promise<void>((resolve) => {
      this.#whenNone = resolve;
    });
    for (const connection of this.#bySerial.values()) connection.destroy();
    await none;
  }
}

function peerOf(connection: Connection): string {
  const { transport, listener, address, port } = connection;
  return peerKey(transport, listener.realm, address, port);
}

function peerKey(transport: Transport, realm: Realm, address: string, port: number): string {
  return `${transport} ${realm} ${address} ${port}`;
}

const named = (peer: string, serverName: string): string => `${peer} ${serverName}`;
