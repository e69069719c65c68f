import type { FlowFacts } from '../../edge/flow-token.ts';
import type { Listener, Realm, Transport } from '../../edge/signaling.ts';
import type { Channel, TransportEvents } from '../transport/transports.ts';

interface Relay {
  send(token: string, message: string): void;
  close(token: string): void;
}

/** A connection that the gate before us holds, written to by way of it. */
export class RelayedChannel implements Channel {
  readonly reliable = true;
  readonly listener: Listener;
  readonly address: string;
  readonly port: number;
  readonly token: string;
  certificateNames: readonly string[] = [];
  readonly #relay: Relay;
  readonly #events: TransportEvents;
  #open = true;

  constructor(
    relay: Relay,
    events: TransportEvents,
    listener: Listener,
    { address, port }: FlowFacts,
    token: string,
  ) {
    this.#relay = relay;
    this.#events = events;
    this.listener = listener;
    this.address = address;
    this.port = port;
    this.token = token;
  }

  get transport(): Transport {
    return this.listener.transport;
  }

  get realm(): Realm {
    return this.#events.realmOf(this);
  }

  get open(): boolean {
    return this.#open;
  }

  atPort(): Channel {
    return this;
  }

  send(message: string, failed?: (problem: Error) => void): void {
    if (this.#open) this.#relay.send(this.token, message);
    else if (failed) process.nextTick(failed, new Error('the connection is closed'));
  }

  disregarded(): void {}

  close(): void {
    this.#relay.close(this.token);
  }

  gone(): void {
    this.#open = false;
  }
}
