import type { Socket } from 'node:dgram';
import { reasonOf } from '../../config/reason-of.ts';
import type { Listener } from '../../edge/signaling.ts';
import { bindBeside } from './bound-socket.ts';
import type { TransportLog } from './transport-context.ts';

/** So many refused datagrams from one port within a second are a flood: far more than a socket that is read loses. */
const FLOOD = 1000;
const WINDOW_MS = 1000;
/** Ports that are watched; a power of two. Whoever shares the place of another is counted in his stead. */
const WATCHED = 256;
const MOST_LANES = 64;
const LOOK_EVERY_MS = 1000;
/** A lane that brings less in a second is needed no more. A flood brings as much as there are turns. */
const QUIET = 100;
/** The system makes it as little as it can, which is one datagram or two. */
const LANE_BUFFER_BYTES = 1;
const AGAIN_AFTER_MS = 60_000;
const SAID_EVERY_MS = 10_000;

interface Watched {
  address: string;
  port: number;
  since: number;
  refused: number;
}

interface Lane {
  readonly address: string;
  readonly port: number;
  readonly socket: Socket;
  brought: number;
}

export interface FloodLanesOptions {
  /** The socket whose port is shared: only one that was bound by `bindShared` can be. */
  readonly listener: Pick<Listener, 'address' | 'port'>;
  /** Is all that comes from there refused, however little it is? */
  readonly isShutOut: (address: string, port: number) => boolean;
  /** What a lane brings. Whoever reads it should let time pass before the next turn: a lane is never empty. */
  readonly received: (datagram: Buffer, address: string, port: number) => void;
  readonly log: TransportLog;
  readonly now?: () => number;
}

/**
 * Keeps a blocked source that floods from filling the queue in which everybody's datagrams wait. Where the kernel refuses
 * for us that is its work; where we may not ask it to, the system still prefers, of all sockets of one port, the one that
 * is connected to whoever sends. Such a socket with room for a datagram or two is a lane of its own: what comes faster than
 * we read it is thrown away by the system, at a tenth of what it costs to read and refuse it, and takes nobody's place.
 *
 * What a lane brings is judged like all else, so whoever is unblocked is heard at once.
 */
export class FloodLanes {
  readonly #options: FloodLanesOptions;
  readonly #now: () => number;
  readonly #watched: (Watched | undefined)[] = new Array(WATCHED).fill(undefined);
  readonly #lanes = new Map<string, Lane>();
  readonly #opening = new Set<string>();
  #looking: NodeJS.Timeout | undefined;
  #notBefore = Number.NEGATIVE_INFINITY;
  #said = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: FloodLanesOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  get size(): number {
    return this.#lanes.size;
  }

  /** A datagram from there was refused. Called for each of a flood. */
  refused(address: string, port: number): void {
    const watched = this.#watch(address, port);
    watched.refused++;
    if (watched.refused < FLOOD) return;
    const now = this.#now();
    const isFlood = now - watched.since < WINDOW_MS;
    watched.since = now;
    watched.refused = 0;
    if (isFlood && now >= this.#notBefore && this.#options.isShutOut(address, port))
      void this.#open(address, port);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#looking);
    for (const lane of this.#lanes.values()) lane.socket.close();
    this.#lanes.clear();
  }

  #watch(address: string, port: number): Watched {
    const place = port & (WATCHED - 1);
    const watched = this.#watched[place];
    if (watched === undefined) {
      const fresh = { address, port, since: this.#now(), refused: 0 };
      this.#watched[place] = fresh;
      return fresh;
    }
    if (watched.port !== port || watched.address !== address) {
      watched.address = address;
      watched.port = port;
      watched.since = this.#now();
      watched.refused = 0;
    }
    return watched;
  }

  async #open(address: string, port: number): Promise<void> {
    const key = `${address} ${port}`;
    if (this.#closed || this.#lanes.has(key) || this.#opening.has(key)) return;
    if (this.#lanes.size + this.#opening.size >= MOST_LANES) return;
    const { listener, log } = this.#options;
    this.#opening.add(key);
    try {
      this.#begin(key, { address, port, socket: await bindBeside(listener), brought: 0 });
    } catch (problem) {
      this.#notBefore = this.#now() + AGAIN_AFTER_MS;
      log.warn(
        { why: reasonOf(problem) },
        'a blocked source floods, and gets no queue of its own: it takes room from everybody',
      );
      return;
    } finally {
      this.#opening.delete(key);
    }
    if (this.#now() - this.#said < SAID_EVERY_MS) return;
    this.#said = this.#now();
    log.info({ address, port }, 'a blocked source floods: it has a queue of its own, a short one');
  }

  #begin(key: string, lane: Lane): void {
    const { socket, address, port } = lane;
    if (this.#closed) return void socket.close();
    this.#lanes.set(key, lane);
    socket.on('message', (datagram, from) => {
      lane.brought++;
      this.#options.received(datagram, from.address, from.port);
    });
    socket.on('error', () => this.#end(key));
    // until it is connected it has a share of everybody's datagrams: they are read like all, so there is room for them
    socket.once('connect', () => socket.setRecvBufferSize(LANE_BUFFER_BYTES));
    socket.connect(port, address);
    this.#looking ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  #look(): void {
    for (const [key, lane] of this.#lanes)
      if (lane.brought < QUIET) this.#end(key);
      else lane.brought = 0;
    if (this.#lanes.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #end(key: string): void {
    this.#lanes.get(key)?.socket.close();
    this.#lanes.delete(key);
  }
}
