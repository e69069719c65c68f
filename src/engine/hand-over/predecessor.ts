import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { FlowFacts, FlowTokens } from '../../edge/flow-token.ts';
import type { Listener } from '../../edge/signaling.ts';
import type { TransportContext } from '../transport/transport-context.ts';
import type { UdpSocket } from '../transport/udp.ts';
import { apart, type Frame, frameReader, writeFrame } from './frames.ts';
import { RelayedChannel } from './relayed-channel.ts';

export interface PredecessorHost {
  readonly context: TransportContext;
  udpSocket(facts: FlowFacts): UdpSocket | undefined;
  listenerOf(facts: FlowFacts): Listener | undefined;
  /** It reads its sockets no more: from now on we do. */
  gone(): Promise<void>;
}

/** The gate whose place we take, as we see it: it holds its connections and reads its sockets until it is done. */
export class Predecessor {
  readonly #host: PredecessorHost;
  readonly #tokens: FlowTokens;
  readonly #channels = new Map<string, RelayedChannel>();
  /** Bounded by the connections it had. */
  readonly #closed = new Set<string>();
  #socket: Socket | undefined;
  #waiting: Buffer[] = [];
  #isGone = false;
  #ending = false;
  #registered: (row: unknown) => void = () => {};

  /** `tokens` are those of its connections. */
  constructor(host: PredecessorHost, tokens: FlowTokens) {
    this.#host = host;
    this.#tokens = tokens;
  }

  /** It is not done yet. */
  get there(): boolean {
    return !this.#isGone;
  }

  /** Everything is ready for what it passes on. */
  async meet(path: string, registered: (row: unknown) => void): Promise<void> {
    this.#registered = registered;
    const socket = connect(path);
    try {
      await once(socket, 'connect');
    } catch {
      return this.#lost();
    }
    this.#socket = socket;
    for (const frame of this.#waiting.splice(0)) socket.write(frame);
    socket.on('error', () => socket.destroy());
    socket.on(
      'data',
      frameReader((frame) => this.#heard(frame)),
    );
    socket.once('close', () => this.#lost());
  }

  send(token: string, message: string): void {
    this.#say(writeFrame('send', token, Buffer.from(message, 'latin1')));
  }

  close(token: string): void {
    this.#say(writeFrame('close', token));
  }

  /** The connection of its that this token names. */
  channelFrom(token: string): RelayedChannel | undefined {
    const known = this.#channels.get(token);
    if (known !== undefined) return known;
    if (this.#isGone) return;
    const facts = this.#tokens.verify(token);
    if (typeof facts === 'string' || facts.transport === 'udp' || this.#closed.has(token)) return;
    const listener = this.#host.listenerOf(facts);
    if (listener === undefined) return;
    const channel = new RelayedChannel(this, this.#host.context.events, listener, facts, token);
    this.#channels.set(token, channel);
    return channel;
  }

  /** We end before it does: what it leaves is not for us any more. */
  end(): void {
    this.#ending = true;
    this.#socket?.destroy();
  }

  #say(frame: Buffer): void {
    if (this.#socket === undefined && !this.#isGone) this.#waiting.push(frame);
    else if (this.#socket?.destroyed === false) this.#socket.write(frame);
  }

  #heard({ kind, token, content }: Frame): void {
    if (kind === 'message') this.#passedOn(token, content);
    else if (kind === 'closed') this.#closedOf(token);
    else if (kind === 'registered') this.#registered(JSON.parse(content.toString()));
    else if (kind === 'last') {
      // we read before it stops reading: what comes in between finds one of us
      void this.#host.gone().then(() => this.#socket?.end());
    }
  }

  #passedOn(token: string, content: Buffer): void {
    const { names, wire } = apart(content);
    const { context, udpSocket } = this.#host;
    const facts = context.tokens.verify(token);
    if (typeof facts !== 'string' && facts.transport === 'udp')
      udpSocket(facts)?.received(wire, facts.address, facts.port);
    else {
      const channel = this.channelFrom(token);
      if (channel === undefined) return;
      channel.certificateNames = names;
      context.events.message(wire.toString('latin1'), channel);
    }
  }

  #closedOf(token: string): void {
    this.#closed.add(token);
    const channel = this.#channels.get(token);
    if (channel === undefined) return;
    this.#channels.delete(token);
    channel.gone();
    this.#host.context.events.closed(channel);
  }

  /** Asked or not: what it held is gone. */
  #lost(): void {
    this.#isGone = true;
    if (this.#ending) return;
    void this.#host.gone();
    for (const token of [...this.#channels.keys()]) this.#closedOf(token);
  }
}
