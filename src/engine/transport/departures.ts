import type { Socket } from 'node:dgram';
import type { DatagramBatches } from './datagram-batches.ts';
import type { TransportContext } from './transport-context.ts';
import type { UdpPeer } from './udp-peer.ts';

/** A socket that is read and written many datagrams at a time. */
export interface Batched {
  readonly batches: DatagramBatches;
  readonly descriptor: number;
}

interface Departure {
  readonly message: string;
  readonly peer: UdpPeer;
  readonly failed: ((problem: Error) => void) | undefined;
}

/** What is to go out by one socket: gathered, then sent together. */
export class Departures {
  readonly #context: Pick<TransportContext, 'log' | 'report'>;
  /** Undefined while the gate before us sends for us. */
  #socket: Socket | undefined;
  #batched: Batched | undefined;
  #relay: ((message: string, peer: UdpPeer) => void) | undefined;
  #leaving: Departure[] = [];

  constructor(context: Pick<TransportContext, 'log' | 'report'>) {
    this.#context = context;
  }

  /** Until it goes out by a socket. */
  goBy(relay: (message: string, peer: UdpPeer) => void): void {
    this.#relay = relay;
  }

  goOut(socket: Socket, batched: Batched | undefined): void {
    this.#socket = socket;
    this.#batched = batched;
    this.#relay = undefined;
  }

  add(message: string, peer: UdpPeer, failed: Departure['failed']): void {
    this.#leaving.push({ message, peer, failed });
  }

  sendAll(): void {
    const leaving = this.#leaving;
    this.#leaving = [];
    for (let at = 0; at < leaving.length; ) at = this.#sendFrom(leaving, at);
  }

  /** Sends those from there on, as many as go together; returns where the next begin. */
  #sendFrom(leaving: readonly Departure[], start: number): number {
    const together = this.#put(leaving, start);
    let at = start;
    while (this.#batched !== undefined && at < together) {
      const { batches, descriptor } = this.#batched;
      at += batches.departing.send(descriptor, at - start);
      if (at === together) return at;
      // what the system did not take, for want of room or because it may not go there, is the socket's to send or to report
      this.#send(leaving[at] as Departure);
      at++;
      if (this.#waits) return at;
    }
    if (at > start) return at;
    this.#send(leaving[start] as Departure);
    return start + 1;
  }

  /** Makes ready as many as go together; returns where the next begin, which is where these do where each goes alone. */
  #put(leaving: readonly Departure[], start: number): number {
    if (this.#batched === undefined || leaving.length - start < 2 || this.#waits) return start;
    const { departing } = this.#batched.batches;
    departing.clear();
    let at = start;
    for (; at < leaving.length; at++) {
      const { message, peer } = leaving[at] as Departure;
      if (peer.name === undefined || !departing.put(message, peer.name, peer.port)) break;
    }
    return at;
  }

  /** The system had no room for what went before: what is sent now would overtake it. */
  get #waits(): boolean {
    return this.#socket !== undefined && this.#socket.getSendQueueCount() > 0;
  }

  #send({ message, peer, failed }: Departure): void {
    try {
      if (this.#relay !== undefined) this.#relay(message, peer);
      else this.#sendAlone(Buffer.from(message, 'latin1'), peer, failed);
    } catch (err) {
      this.#context.log.error({ err }, 'a datagram could not be sent');
    }
  }

  #sendAlone(bytes: Buffer, { address, port }: UdpPeer, failed: Departure['failed']): void {
    if (failed === undefined) this.#socket?.send(bytes, port, address);
    else
      this.#socket?.send(bytes, port, address, (problem) => {
        if (problem) this.#context.report(failed, problem);
      });
  }
}
