import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { reasonOf } from '../../config/reason-of.ts';
import type { Listener } from '../../edge/signaling.ts';
import { bindBeside } from './bound-socket.ts';
import { FloodWatch } from './flood-watch.ts';
import type { TransportLog } from './transport-context.ts';

const MOST_LANES = 64;
const LOOK_EVERY_MS = 1000;
/** What already waited in the listener's queue when a lane was opened has been read by then. */
const SETTLED_MS = LOOK_EVERY_MS / 2;
/** A lane that brings less in a second is needed no more: from one that is never empty each turn of the event loop reads. */
const QUIET = 100;
/** The system makes it as little as it can, which is one datagram or two. */
const LANE_BUFFER_BYTES = 1;
const AGAIN_AFTER_MS = 60_000;
const SAID_EVERY_MS = 10_000;
const PASSED_BY =
  'what it sends does not come to a socket that is connected to it: to which address of this machine does it send?';

interface Lane {
  readonly address: string;
  readonly port: number;
  readonly socket: Socket;
  readonly since: number;
  brought: number;
  /** The flood came to the listener all the same. */
  isPassedBy: boolean;
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
 * What a lane brings is judged like all else, so whoever is unblocked is heard at once; all that he sends is when his lane
 * is gone, within a second or so. A socket connected to a source is bound to the one address of ours from which the system
 * would answer it: behind a listener on all addresses a flood to another of them passes its lane by.
 */
export class FloodLanes {
  readonly #options: FloodLanesOptions;
  readonly #now: () => number;
  readonly #watch: FloodWatch;
  readonly #lanes = new Map<string, Lane>();
  readonly #opening = new Set<string>();
  /** Until when none is opened for those whom it did not help; the oldest are forgotten. */
  readonly #inVain = new Map<string, number>();
  #bringing = false;
  #looking: NodeJS.Timeout | undefined;
  #notBefore = Number.NEGATIVE_INFINITY;
  #said = Number.NEGATIVE_INFINITY;
  #warned = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: FloodLanesOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#watch = new FloodWatch(this.#now);
  }

  get size(): number {
    return this.#lanes.size;
  }

  /** A datagram from there was refused. Called for each of a flood. */
  refused(address: string, port: number): void {
    // what a lane brings has its lane
    if (this.#bringing || !this.#watch.refused(address, port)) return;
    const key = `${address} ${port}`;
    const now = this.#now();
    const lane = this.#lanes.get(key);
    if (lane !== undefined) lane.isPassedBy ||= now - lane.since >= SETTLED_MS;
    else if (this.#mayOpen(key, now) && this.#options.isShutOut(address, port))
      void this.#open(key, address, port);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#looking);
    for (const lane of this.#lanes.values()) lane.socket.close();
    this.#lanes.clear();
  }

  #mayOpen(key: string, now: number): boolean {
    if (this.#closed || this.#opening.has(key)) return false;
    if (this.#lanes.size + this.#opening.size >= MOST_LANES) return false;
    return now >= this.#notBefore && now >= (this.#inVain.get(key) ?? now);
  }

  async #open(key: string, address: string, port: number): Promise<void> {
    this.#opening.add(key);
    try {
      const socket = await this.#bind();
      if (socket !== undefined) await this.#connect(key, socket, address, port);
    } finally {
      this.#opening.delete(key);
    }
  }

  async #bind(): Promise<Socket | undefined> {
    try {
      return await bindBeside(this.#options.listener);
    } catch (problem) {
      // what is missing is missing for everybody
      this.#notBefore = this.#now() + AGAIN_AFTER_MS;
      this.#warn({ why: reasonOf(problem) });
      return undefined;
    }
  }

  async #connect(key: string, socket: Socket, address: string, port: number): Promise<void> {
    const since = this.#now();
    const lane: Lane = { address, port, socket, since, brought: 0, isPassedBy: false };
    // until it is connected it has a share of everybody's datagrams: they are read like all, so there is room for them
    socket.on('message', (datagram, from) => this.#bring(lane, datagram, from.address, from.port));
    try {
      const connected = once(socket, 'connect');
      socket.connect(port, address);
      await connected;
      socket.setRecvBufferSize(LANE_BUFFER_BYTES);
    } catch (problem) {
      socket.close();
      this.#helpedNobody(key, lane, reasonOf(problem));
      return;
    }
    if (this.#closed) return void socket.close();
    socket.on('error', () => this.#end(key));
    this.#lanes.set(key, lane);
    this.#looking ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
    if (this.#now() - this.#said < SAID_EVERY_MS) return;
    this.#said = this.#now();
    this.#options.log.info(
      { address, port },
      'a blocked source floods: it has a queue of its own, a short one',
    );
  }

  #bring(lane: Lane, datagram: Buffer, address: string, port: number): void {
    lane.brought++;
    this.#bringing = true;
    try {
      this.#options.received(datagram, address, port);
    } finally {
      this.#bringing = false;
    }
  }

  #look(): void {
    const now = this.#now();
    for (const [key, lane] of this.#lanes) {
      // the little that a lane holds is a loss to whoever is let in again and sends much
      if (!this.#options.isShutOut(lane.address, lane.port)) this.#end(key);
      else if (now - lane.since >= LOOK_EVERY_MS) this.#judge(key, lane);
    }
    if (this.#lanes.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #judge(key: string, lane: Lane): void {
    if (lane.brought < QUIET) {
      this.#end(key);
      if (lane.isPassedBy) this.#helpedNobody(key, lane, PASSED_BY);
    }
    lane.brought = 0;
    lane.isPassedBy = false;
  }

  #end(key: string): void {
    this.#lanes.get(key)?.socket.close();
    this.#lanes.delete(key);
  }

  #helpedNobody(key: string, { address, port }: Lane, why: string): void {
    this.#inVain.delete(key);
    this.#inVain.set(key, this.#now() + AGAIN_AFTER_MS);
    const [oldest] = this.#inVain.keys();
    if (this.#inVain.size > MOST_LANES && oldest !== undefined) this.#inVain.delete(oldest);
    this.#warn({ address, port, why });
  }

  #warn(fields: object): void {
    if (this.#now() - this.#warned < SAID_EVERY_MS) return;
    this.#warned = this.#now();
    this.#options.log.warn(
      fields,
      'a blocked source floods, and gets no queue of its own: it takes room from everybody',
    );
  }
}
