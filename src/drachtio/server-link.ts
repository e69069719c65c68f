import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { showHostPort } from '../config/forms.ts';
import { reasonOf } from '../config/reason-of.ts';
import { createSrf, type Srf, type SrfOptions, type SrfRequest, type SrfResponse } from './srf.ts';

export interface ServerPlace {
  readonly host: string;
  readonly port: number;
}

export interface LinkOptions {
  /** Tried in order, and again from the first when the last will not do. */
  readonly servers: readonly ServerPlace[];
  readonly secret: string;
  /** TLS to all of them, or to none. */
  readonly tls?: ConnectionOptions;
  readonly log: LinkLog;
}

export interface LinkLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** What a server says of itself when it lets us in. */
export interface Welcome {
  readonly server: ServerPlace;
  readonly version: string;
  readonly hostPorts: string;
  readonly localHostPorts: string;
}

export interface LinkEvents {
  up(welcome: Welcome): void;
  /** What was under way with the server is lost. */
  down(): void;
  /** Anything but a CANCEL, or an UPDATE of an unanswered INVITE: those come with the request they belong to. */
  received(request: SrfRequest, response: SrfResponse): void;
}

/** What begins something here; requests inside a dialog come to who has the dialog. */
const ROUTED = [
  'invite',
  'register',
  'message',
  'options',
  'info',
  'notify',
  'subscribe',
  'publish',
  'refer',
];
const CONNECT_WITHIN_MS = 5000;
const FIRST_DELAY_MS = 250;
const MOST_DELAY_MS = 10_000;
const PING_EVERY_MS = 10_000;
/** A server that says nothing for so long, though it was asked, is as good as gone. */
const SILENT_MS = 25_000;
/** A drachtio-server never reads on after a longer frame (its ring holds 12228 bytes). */
export const LONGEST_FRAME = 12_000;

/**
 * The connection to one of the servers, kept up: when it is lost the next server is tried at once, and all of
 * them again and again with a growing pause. drachtio-srf could do that by itself, but comes back in the clear
 * where TLS was asked for, and only to the same server: so each connection has an Srf of its own.
 */
export class ServerLink {
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  #current: Connection | undefined;
  #server: ServerPlace | undefined;
  #next = 0;
  #delayMs = FIRST_DELAY_MS;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options;
    this.#events = events;
  }

  get up(): boolean {
    return this.#current !== undefined;
  }

  /** The one that is connected, or was last. */
  get server(): ServerPlace | undefined {
    return this.#server;
  }

  /** Tries every server once; rejects with what each of them said. */
  async open(): Promise<void> {
    const problems: string[] = [];
    for (const server of this.#options.servers) {
      try {
        this.#use(await this.#connect(server));
        return;
      } catch (problem) {
        problems.push(`${showHostPort(server.host, server.port)}: ${reasonOf(problem)}`);
        this.#next++;
      }
    }
    throw new Error(`no drachtio-server lets the gate in (${problems.join('; ')})`);
  }

  /** Sends a request or a CANCEL; `sent` has the request as it went out, or why it did not. */
  request(
    options: Omit<SrfOptions, '_socket'>,
    sent: (problem: Error | undefined, request: SrfRequest | undefined) => void,
  ): void {
    const connection = this.#current;
    if (connection === undefined) {
      queueMicrotask(() => sent(new Error('no drachtio-server is connected'), undefined));
      return;
    }
    connection.srf.app.client.request({ ...options, _socket: connection.socket }, sent);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#current?.end();
    this.#current = undefined;
  }

  #connect(server: ServerPlace): Promise<Connection> {
    const { secret, tls, log } = this.#options;
    return new Promise((resolve, reject) => {
      const connection = new Connection(server, secret, tls, {
        welcomed: () => resolve(connection),
        refused: (problem) => reject(problem),
        lost: (problem) => this.#lost(connection, problem),
        received: (request, response) => this.#events.received(request, response),
        garbage: (problem) =>
          log.error({ err: problem }, 'the drachtio-server said what nobody understands'),
      });
    });
  }

  #use(connection: Connection): void {
    if (this.#closed) {
      connection.end();
      return;
    }
    this.#current = connection;
    this.#server = connection.welcome.server;
    this.#delayMs = FIRST_DELAY_MS;
    this.#events.up(connection.welcome);
  }

  #lost(connection: Connection, problem: Error | undefined): void {
    if (this.#current !== connection || this.#closed) return;
    this.#current = undefined;
    const { host, port } = connection.welcome.server;
    this.#options.log.error(
      { server: showHostPort(host, port), why: problem?.message ?? 'it closed the connection' },
      'the drachtio-server is lost; its calls are no longer known',
    );
    this.#events.down();
    this.#next++;
    this.#tryAgain(0);
  }

  #tryAgain(delayMs: number): void {
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      const { servers, log } = this.#options;
      const server = servers[this.#next % servers.length];
      if (server === undefined) return;
      this.#connect(server).then(
        (connection) => this.#use(connection),
        (problem: unknown) => {
          const shown = showHostPort(server.host, server.port);
          log.warn(
            { server: shown, why: reasonOf(problem) },
            'a drachtio-server does not let us in',
          );
          this.#next++;
          const roundOver = this.#next % servers.length === 0;
          if (roundOver) this.#delayMs = Math.min(this.#delayMs * 2, MOST_DELAY_MS);
          this.#tryAgain(roundOver ? this.#delayMs : FIRST_DELAY_MS);
        },
      );
    }, delayMs);
  }
}

interface ConnectionEvents {
  welcomed(): void;
  refused(problem: Error): void;
  lost(problem: Error | undefined): void;
  received(request: SrfRequest, response: SrfResponse): void;
  garbage(problem: unknown): void;
}

/** One connection to one server, from dialling to its end. */
class Connection {
  readonly srf: Srf = new createSrf();
  socket!: Socket;
  welcome: Welcome;
  readonly #events: ConnectionEvents;
  readonly #patience: NodeJS.Timeout;
  #pinging: NodeJS.Timeout | undefined;
  #heardAt = 0;
  #state: 'dialling' | 'up' | 'over' = 'dialling';

  constructor(
    server: ServerPlace,
    secret: string,
    tls: ConnectionOptions | undefined,
    events: ConnectionEvents,
  ) {
    this.#events = events;
    this.welcome = { server, version: '', hostPorts: '', localHostPorts: '' };
    const { srf } = this;
    srf.app.use((request, response) => {
      if (this.#state !== 'over') events.received(request, response);
    });
    for (const method of ROUTED) srf.app.use(method, () => {});
    srf.connect({
      ...server,
      secret,
      ...(tls !== undefined && { tls }),
      reconnect: { maxAttempts: 1 },
    });
    const { wp } = srf.app.client;
    wp.on('connect', (socket: Socket) => this.#dialled(socket));
    srf.on('connect', (problem: Error | null, ...said: (string | null)[]) => {
      if (problem) this.#over(new Error('it does not know our secret'));
      else this.#welcomed(said);
    });
    srf.on('error', (problem: Error) => this.#over(problem));
    srf.on('close', () => this.#over(undefined));
    this.#patience = setTimeout(
      () => this.#over(new Error(`no answer within ${CONNECT_WITHIN_MS} ms`)),
      CONNECT_WITHIN_MS,
    );
  }

  end(): void {
    this.#state = 'over';
    clearTimeout(this.#patience);
    clearInterval(this.#pinging);
    this.srf.app.client.wp.closing = true;
    this.socket?.destroy();
  }

  #dialled(socket: Socket): void {
    this.socket = socket;
    if (this.#state === 'over') {
      socket.destroy();
      return;
    }
    // what throws in there would end the process: a frame without a length, a type nobody knows
    for (const listener of socket.listeners('data')) {
      socket.removeListener('data', listener as (chunk: Buffer) => void);
      socket.on('data', (chunk: Buffer) => {
        this.#heardAt = performance.now();
        try {
          listener(chunk);
        } catch (problem) {
          this.#events.garbage(problem);
          socket.destroy();
        }
      });
    }
  }

  #welcomed([hostPorts, version, localHostPorts]: readonly (string | null)[]): void {
    if (this.#state !== 'dialling') return;
    this.welcome = {
      ...this.welcome,
      hostPorts: hostPorts ?? '',
      version: version ?? '',
      localHostPorts: localHostPorts ?? '',
    };
    // what we asked to be given is known there once it answers this
    this.#ping(() => {
      if (this.#state !== 'dialling') return;
      this.#state = 'up';
      clearTimeout(this.#patience);
      this.#pinging = setInterval(() => this.#checkIn(), PING_EVERY_MS);
      this.#events.welcomed();
    });
  }

  #checkIn(): void {
    if (performance.now() - this.#heardAt > SILENT_MS)
      this.#over(new Error(`it said nothing for ${SILENT_MS / 1000} s`));
    else this.#ping(() => {});
  }

  /** drachtio-srf can ping by itself, but takes no notice of the answer. */
  #ping(answered: () => void): void {
    const { wp, mapServer } = this.srf.app.client;
    const id = wp.send(this.socket, 'ping');
    mapServer.get(this.socket)?.pendingRequests.set(id, answered);
  }

  #over(problem: Error | undefined): void {
    const before = this.#state;
    if (before === 'over') return;
    this.end();
    if (before === 'dialling')
      this.#events.refused(problem ?? new Error('it closed the connection'));
    else this.#events.lost(problem);
  }
}
