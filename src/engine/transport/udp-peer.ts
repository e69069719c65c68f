import type { Listener, Realm, Transport } from '../../edge/signaling.ts';
import { type SocketName, socketName } from './socket-name.ts';
import type { Channel } from './transports.ts';

const NO_NAMES: readonly string[] = [];

/** The socket by which it is heard. */
export interface PeersSocket {
  readonly listener: Listener;
  realmOf(peer: UdpPeer): Realm;
  sign(peer: UdpPeer): string;
  peer(address: string, port: number): UdpPeer;
  send(message: string, peer: UdpPeer, failed: ((problem: Error) => void) | undefined): void;
}

/** A UDP peer as seen through one socket. */
export class UdpPeer implements Channel {
  readonly address: string;
  readonly port: number;
  /** Undefined where only Node can write to it. */
  readonly name: SocketName | undefined;
  readonly #socket: PeersSocket;
  #token = '';

  constructor(socket: PeersSocket, address: string, port: number) {
    this.#socket = socket;
    this.address = address;
    this.port = port;
    this.name = socketName(address);
  }

  get listener(): Listener {
    return this.#socket.listener;
  }

  get transport(): Transport {
    return 'udp';
  }

  get realm(): Realm {
    return this.#socket.realmOf(this);
  }

  atPort(port: number): Channel {
    return port === this.port ? this : this.#socket.peer(this.address, port);
  }

  get reliable(): boolean {
    return false;
  }

  get open(): boolean {
    return true;
  }

  get certificateNames(): readonly string[] {
    return NO_NAMES;
  }

  get token(): string {
    if (this.#token === '') this.#token = this.#socket.sign(this);
    return this.#token;
  }

  send(message: string, failed?: (problem: Error) => void): void {
    this.#socket.send(message, this, failed);
  }

  disregarded(): void {}

  close(): void {}
}
