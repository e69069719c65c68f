import { type FlowTokens, listenerNumber } from '../edge/flow-token.ts';
import type { Flow, Handlers, Listener, Realm, Transport } from '../edge/signaling.ts';
import { uriHost } from '../sip/message/uri.ts';
import type { ServerListeners } from './server-listeners.ts';

/** Connections found to be gone; beyond, the oldest are forgotten, and found out again. */
const MOST_GONE = 10_000;

export interface FlowsHost {
  readonly handlers: Handlers;
  readonly servers: ServerListeners;
}

/**
 * The ways to who speaks with the server, by the addresses that frames name. A server never says that a connection
 * is gone: it is found out when a request cannot be sent over it.
 */
export class Flows {
  readonly #host: FlowsHost;
  readonly #tokens: FlowTokens;
  /** How many connections from this very place are gone. */
  readonly #gone = new Map<string, number>();

  constructor(host: FlowsHost, tokens: FlowTokens) {
    this.#host = host;
    this.#tokens = tokens;
  }

  /** The flow of somebody who was just heard. */
  heard(listener: Listener, protocol: string, address: string, port: number): ServerFlow {
    const named = protocol === '' ? listener.transport : (protocol as Transport);
    // some servers say tcp for a WebSocket
    const transport = named === 'tcp' ? listener.transport : named;
    return this.#make(listener, transport, address, port, this.serial(listener, address, port));
  }

  from(token: string): ServerFlow | 'forged' | 'stale' {
    const facts = this.#tokens.verify(token);
    if (typeof facts === 'string') return facts;
    const { transport, address, port, serial } = facts;
    const listener = this.#host.servers.all.find((one) => listenerNumber(one) === facts.listener);
    if (listener === undefined) return 'stale';
    const flow = this.#make(listener, transport, address, port, serial);
    return flow.open ? flow : 'stale';
  }

  /** The token of what follows over the same path; a connection's path ends with it. */
  sign({ listener, transport, address, port, serial }: ServerFlow): string {
    return this.#tokens.sign({
      transport,
      listener: listenerNumber(listener),
      address,
      port,
      serial,
    });
  }

  serial(listener: Listener, address: string, port: number): number {
    if (listener.transport === 'udp' || this.#gone.size === 0) return 0;
    return this.#gone.get(keyOf(listener, address, port)) ?? 0;
  }

  /** A request to it could not be sent. UDP is never gone. */
  lost(flow: ServerFlow): void {
    if (flow.transport === 'udp' || !flow.open) return;
    const key = keyOf(flow.listener, flow.address, flow.port);
    this.#gone.delete(key);
    this.#gone.set(key, flow.serial + 1);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > MOST_GONE && oldest !== undefined) this.#gone.delete(oldest);
    this.#host.handlers.flowClosed?.(flow);
  }

  #make(
    listener: Listener,
    transport: Transport,
    address: string,
    port: number,
    serial: number,
  ): ServerFlow {
    const source = { listener, transport, address, port };
    const realm = this.#host.handlers.realmOf?.(source) ?? listener.realm;
    return new ServerFlow(this, listener, realm, transport, address, port, serial);
  }
}

export class ServerFlow implements Flow {
  readonly listener: Listener;
  readonly realm: Realm;
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  readonly serial: number;
  /** The server tells nobody's certificate. */
  readonly certificateNames: readonly string[] = [];
  readonly #flows: Flows;
  #token: string | undefined;

  constructor(
    flows: Flows,
    listener: Listener,
    realm: Realm,
    transport: Transport,
    address: string,
    port: number,
    serial: number,
  ) {
    this.#flows = flows;
    this.listener = listener;
    this.realm = realm;
    this.transport = transport;
    this.address = address;
    this.port = port;
    this.serial = serial;
  }

  get open(): boolean {
    return this.#flows.serial(this.listener, this.address, this.port) === this.serial;
  }

  get token(): string {
    this.#token ??= this.#flows.sign(this);
    return this.#token;
  }

  /** The next hop by which the server finds this very path: an open connection is found by its far end. */
  get nextHop(): string {
    return `sip:${uriHost(this.address)}:${this.port};transport=${this.transport}`;
  }
}

const keyOf = (listener: Listener, address: string, port: number): string =>
  `${listener.name} ${address} ${port}`;
