import type { Transport } from '../../edge/signaling.ts';

/** A socket that was open before this process began: the listener it was bound for, and its descriptor here. */
export interface InheritedSocket {
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  readonly descriptor: number;
}

/** What a gate leaves to the one that takes its place. */
export interface Inheritance {
  readonly sockets: readonly InheritedSocket[];
  /** The Unix socket on which it passes on what is not its own, until it is done. */
  readonly link: string;
  /** Marks the tokens of the connections that it holds. */
  readonly boot: Uint8Array;
}
