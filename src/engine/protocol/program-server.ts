import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { hideInUrl } from '../../config/problem.ts';
import type { HandlerSettings, Settings } from '../../config/settings.ts';
import type { Listener } from '../../edge/signaling.ts';
import { Crowd } from '../../limits/crowd.ts';
import type { Message } from '../../sip/message/message.ts';
import { uriHost } from '../../sip/message/uri.ts';
import { Certificates, type ServedCertificate } from '../transport/certificate/certificates.ts';
import type { TransportLog } from '../transport/transport-context.ts';
import type { Channel } from '../transport/transports.ts';
import { askWebServer } from './ask-web-server.ts';
import { connectToProgram } from './connect-to-program.ts';
import { type Desk, ProgramConnection, type Refusal } from './connection.ts';
import { hostports } from './hostports.ts';
import type { Agents, Choice, Holding, Program, Programs, RecordKind } from './program.ts';
import { type Decision, type ProgramAddress, readProgramAddress } from './read-decision.ts';
import { compileRequestRules } from './request-rules.ts';
import { SecretCheck } from './secret-check.ts';
import { Turns } from './turns.ts';

/** They must not take the places of programs. */
const MOST_STRANGERS = 32;
/** Web servers being asked, and programs being connected to, at once. */
const MOST_ASKED = 1000;
/** How long a connection made for one request stays when the program holds nothing any more. */
const IDLE_MS = 30_000;
/** How long programs may take to hear that we close. */
const CLOSE_MS = 500;

export type ProgramServerSettings = Pick<
  Settings,
  'programPort' | 'programs' | 'tls' | 'dataDirectory' | 'drain'
>;

export interface ProgramServerOptions {
  readonly settings: ProgramServerSettings;
  /** Where SIP is spoken, as programs are told. */
  readonly listeners: readonly Listener[];
  readonly version: string;
  readonly log: TransportLog;
}

/** What became of the requests that were for programs. */
export type Outcome = 'given' | 'nobody' | 'unreachable' | 'decided' | 'failed' | 'draining';

export interface ProgramCounts {
  readonly connected: number;
  /** Of those, the ones made for one request each. */
  readonly outbound: number;
  /** Those that programs are in, of calls and subscriptions. */
  readonly dialogs: number;
  readonly framesReceived: number;
  readonly framesSent: number;
  readonly refused: Readonly<Record<Refusal, number>>;
  readonly requests: Readonly<Record<Outcome, number>>;
}

export interface ProgramPort {
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
}

/** A program as `status` shows it. */
export interface ConnectedProgram extends Holding {
  readonly address: string;
  readonly port: number;
  readonly outbound: boolean;
  readonly tags: readonly string[];
  readonly verbs: readonly string[];
  /** Whether new requests go to it. */
  readonly attends: boolean;
}

/** Where programs connect, and who of them is given what. */
export class ProgramServer implements Programs {
  readonly #settings: ProgramServerSettings;
  readonly #log: TransportLog;
  readonly #desk: Desk;
  readonly #agents: Agents;
  readonly #authorities: string | undefined;
  readonly #turns = new Turns();
  readonly #connections = new Set<ProgramConnection>();
  /** Outbound ones that held nothing when last looked at. */
  readonly #idle = new WeakSet<ProgramConnection>();
  /** What is open on the port, before and after a TLS handshake. */
  readonly #sockets = new Set<Socket>();
  /** Those that have not authenticated, TLS handshakes among them. */
  readonly #strangers = new Crowd<Socket>(MOST_STRANGERS);
  /** Ends each of the web servers asked and programs connected to now. */
  readonly #asking = new Set<() => void>();
  readonly #refused: Record<Refusal, number> = {
    'too-many': 0,
    time: 0,
    secret: 0,
    format: 0,
    stalled: 0,
  };
  readonly #outcomes: Record<Outcome, number> = {
    given: 0,
    nobody: 0,
    unreachable: 0,
    decided: 0,
    failed: 0,
    draining: 0,
  };
  /** Those that are in: they came by themselves, or we connected to them. */
  #inbound = 0;
  #outbound = 0;
  #received = 0;
  #sent = 0;
  #takes: Programs['takes'];
  #handlers: readonly HandlerSettings[];
  #server: Server | undefined;
  #certificates: Certificates | undefined;
  readonly #clock: NodeJS.Timeout;
  #lookedAt = performance.now();
  #draining = false;
  #retryAfterSeconds: number;

  constructor({ settings, listeners, version, log }: ProgramServerOptions, agents: Agents) {
    this.#settings = settings;
    this.#log = log;
    this.#agents = agents;
    this.#takes = compileRequestRules(settings.programs.requests);
    this.#handlers = settings.programs.handlers;
    this.#retryAfterSeconds = settings.drain.retryAfterSeconds;
    const { authorities } = settings.tls;
    if (authorities !== undefined) this.#authorities = readFileSync(authorities, 'utf8');
    const { advertised, bound } = hostports(listeners);
    this.#desk = {
      limits: settings.programPort.limits,
      log,
      agents,
      secret: new SecretCheck(settings.programs.secret),
      // drachtio-srf reads a version of drachtio in it, and pings from 0.8.2 on.
      greeting: [advertised, `v0.9.10-drawbridge-${version}`, bound],
      received: () => {
        this.#received++;
      },
      sent: () => {
        this.#sent++;
      },
      refused: (why) => {
        this.#refused[why]++;
      },
      opened: (connection) => {
        this.#connections.add(connection);
      },
      admits: (connection) => this.#admits(connection),
      known: () => {},
      routed: (connection, verb) => this.#turns.add(verb, connection),
      unrouted: (connection, verb) => this.#turns.remove(verb, connection),
      lost: (connection) => this.#lost(connection),
      closed: (connection) => {
        this.#connections.delete(connection);
      },
    };
    this.#clock = setInterval(() => this.#look(performance.now()), 1000);
    this.#clock.unref();
  }

  /** Opens the port, when there is to be one. Rejects, with a message for the operator, when it cannot. */
  async listen(): Promise<void> {
    const { address, port, tls } = this.#settings.programPort;
    if (port === null) return;
    const server = tls.enabled ? this.#secureServer() : createServer({ noDelay: true });
    server.on('connection', (socket) => this.#letIn(socket));
    server.on(tls.enabled ? 'secureConnection' : 'connection', (socket: Socket) => {
      if (!socket.destroyed) new ProgramConnection(this.#desk, socket, false);
    });
    server.listen({ host: address, port, ipv6Only: address.includes(':') });
    try {
      await once(server, 'listening');
    } catch (cause) {
      throw new Error(`cannot listen for programs on ${address} port ${port}: ${cause}`, { cause });
    }
    server.on('error', (err) => this.#log.error({ err }, 'a program could not be let in'));
    this.#server = server;
    this.#certificates?.watch();
    this.#log.info(
      { tls: tls.enabled },
      `programs connect to ${uriHost(address)}:${this.port?.port}`,
    );
  }

  /** Where programs connect; undefined when nowhere. */
  get port(): ProgramPort | undefined {
    const bound = this.#server?.address();
    if (bound === null || bound === undefined || typeof bound === 'string') return undefined;
    const { address, port } = bound;
    return { address, port, tls: this.#certificates !== undefined };
  }

  reload({ programs, drain }: Pick<Settings, 'programs' | 'drain'>): void {
    this.#takes = compileRequestRules(programs.requests);
    this.#handlers = programs.handlers;
    this.#retryAfterSeconds = drain.retryAfterSeconds;
    this.#desk.secret.change(programs.secret);
  }

  /** New calls are refused from now on. */
  drain(): void {
    this.#draining = true;
  }

  /** Every program is gone after this, and what it held is answered or ended. */
  async close(): Promise<void> {
    clearInterval(this.#clock);
    this.#certificates?.close();
    for (const end of [...this.#asking]) end();
    const closed = this.#server === undefined ? undefined : once(this.#server, 'close');
    this.#server?.close();
    for (const connection of [...this.#connections]) connection.dismiss();
    const slow = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, CLOSE_MS);
    await closed;
    clearTimeout(slow);
    for (const connection of [...this.#connections]) connection.destroy();
  }

  /** The Call-IDs of the calls that programs are in. */
  callIds(): ReadonlySet<string> {
    return this.#agents.callIds();
  }

  certificates(): readonly ServedCertificate[] {
    return this.#certificates?.inUse() ?? [];
  }

  counts(): ProgramCounts {
    let dialogs = 0;
    for (const { calls, subscriptions } of this.#agents.holdings().values())
      dialogs += calls + subscriptions;
    return {
      dialogs,
      connected: this.#inbound + this.#outbound,
      outbound: this.#outbound,
      framesReceived: this.#received,
      framesSent: this.#sent,
      refused: this.#refused,
      requests: this.#outcomes,
    };
  }

  /** At most so many of the programs connected now. */
  connected(most: number): readonly ConnectedProgram[] {
    const now = performance.now();
    const holdings = this.#agents.holdings();
    return Iterator.from(this.#connections)
      .filter(({ connected }) => connected)
      .take(most)
      .map((connection) => ({
        address: connection.address,
        port: connection.port,
        outbound: connection.outbound,
        tags: connection.tags,
        verbs: [...connection.verbs],
        attends: connection.attends(now),
        ...(holdings.get(connection) ?? { requests: 0, calls: 0, subscriptions: 0 }),
      }))
      .toArray();
  }

  // --- what the agents ask

  takes(request: Message, channel: Channel): boolean {
    return this.#takes(request, channel);
  }

  choose(request: Message, channel: Channel, chosen: (choice: Choice) => void): void {
    const { method } = request;
    const handler = this.#handlers.find(
      ({ methods }) => methods === undefined || methods.some((one) => one === method),
    );
    if (this.#draining && method === 'INVITE')
      this.#settle('draining', refusal(503, this.#retryAfterSeconds), chosen);
    else if (handler === undefined) this.#giveToNext(method, undefined, chosen);
    else if (this.#asking.size >= MOST_ASKED) this.#settle('failed', refusal(503), chosen);
    else this.#hand(handler, request, channel, chosen);
  }

  recorderOf(kind: RecordKind): Program | undefined {
    return this.#turns.next(kind, ({ reads }) => reads);
  }

  #giveToNext(method: string, tag: string | undefined, chosen: (choice: Choice) => void): void {
    const now = performance.now();
    const program = this.#turns.next(
      method.toLowerCase(),
      (one) => (tag === undefined || one.tags.includes(tag)) && one.isFit(now),
    );
    if (program === undefined)
      this.#settle('nobody', refusal(tag === undefined ? 503 : 480), chosen);
    else {
      const withdrawn = program.given(now);
      this.#settle('given', { kind: 'program', program, withdrawn }, chosen);
    }
  }

  #hand(
    { url, method }: HandlerSettings,
    request: Message,
    channel: Channel,
    chosen: (choice: Choice) => void,
  ): void {
    const to = programAddressIn(url);
    if (to !== undefined) {
      this.#connect(to, chosen);
      return;
    }
    const web = { url, method, authorities: this.#authorities };
    const end = askWebServer(web, request, channel, (decision, why) => {
      this.#asking.delete(end);
      if (decision !== undefined) {
        this.#decided(decision, request.method, chosen);
        return;
      }
      this.#log.warn({ url: hideInUrl(url), why }, 'a web server that decides on requests fails');
      this.#settle('failed', refusal(500), chosen);
    });
    this.#asking.add(end);
  }

  #decided(decision: Decision, method: string, chosen: (choice: Choice) => void): void {
    if (decision.kind === 'connect') this.#connect(decision.to, chosen);
    else if (decision.kind === 'tag') this.#giveToNext(method, decision.tag, chosen);
    else this.#settle('decided', decision, chosen);
  }

  #connect(to: ProgramAddress, chosen: (choice: Choice) => void): void {
    const end = connectToProgram(this.#desk, to, this.#authorities, (program, why) => {
      this.#asking.delete(end);
      if (program !== undefined) {
        this.#settle('given', { kind: 'program', program }, chosen);
        return;
      }
      this.#log.warn({ ...to, why }, 'a program that was to be connected to is not there');
      this.#settle('unreachable', refusal(480), chosen);
    });
    this.#asking.add(end);
  }

  #settle(outcome: Outcome, choice: Choice, chosen: (choice: Choice) => void): void {
    this.#outcomes[outcome]++;
    try {
      chosen(choice);
    } catch (err) {
      this.#log.error({ err }, 'a fault in the gate itself');
    }
  }

  // --- what the connections tell

  #letIn(socket: Socket): void {
    const going = this.#strangers.add(socket);
    if (going !== undefined) {
      this.#refused['too-many']++;
      this.#log.warn(
        { address: going.remoteAddress },
        'too many connections to the program port have not authenticated: one is closed',
      );
      going.destroy();
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #admits({ outbound, address, port }: ProgramConnection): boolean {
    const { connections, outboundConnections } = this.#desk.limits;
    if (outbound ? this.#outbound >= outboundConnections : this.#inbound >= connections)
      return false;
    if (outbound) this.#outbound++;
    else {
      this.#inbound++;
      this.#strangers.remove(address, port);
    }
    return true;
  }

  #lost(connection: ProgramConnection): void {
    for (const verb of connection.verbs) this.#turns.remove(verb, connection);
    if (connection.outbound) this.#outbound--;
    else {
      this.#inbound--;
      this.#log.info(connection.who, 'a program is gone');
    }
    this.#agents.lost(connection);
  }

  #look(now: number): void {
    for (const connection of this.#connections) connection.checkTime(now);
    if (now - this.#lookedAt < IDLE_MS) return;
    this.#lookedAt = now;
    this.#endIdle();
  }

  /** A program that we connected to should say when it has done with its request; not all do. */
  #endIdle(): void {
    const holdings = this.#agents.holdings();
    for (const connection of this.#connections) {
      if (!connection.outbound || holdings.has(connection)) this.#idle.delete(connection);
      else if (this.#idle.has(connection)) connection.dismiss();
      else this.#idle.add(connection);
    }
  }

  #secureServer(): Server {
    const { programPort, tls, dataDirectory } = this.#settings;
    const { certificate, key } = programPort.tls;
    const own = certificate !== undefined && key !== undefined ? [{ certificate, key }] : [];
    const names = new Set(['localhost', hostname(), '127.0.0.1', '::1', programPort.address]);
    const certificates = new Certificates(
      { certificates: own, warnDaysBeforeExpiry: tls.warnDaysBeforeExpiry },
      dataDirectory,
      [...names],
      this.#log,
    );
    const server = createTlsServer({
      ...certificates.options,
      noDelay: true,
      handshakeTimeout: programPort.limits.authenticateSeconds * 1000,
    });
    certificates.onSwap(() => server.setSecureContext(certificates.options));
    server.on('tlsClientError', (_problem, socket: TLSSocket) => socket.destroy());
    this.#certificates = certificates;
    return server;
  }
}

const refusal = (status: number, retryAfterSeconds?: number): Choice => ({
  kind: 'reject',
  status,
  ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
});

/** The program that a handler names, when it is not a web server. */
function programAddressIn(url: string): ProgramAddress | undefined {
  const [, scheme, place = ''] = /^(tcp|tls):\/\/(.*)$/i.exec(url) ?? [];
  return scheme === undefined ? undefined : readProgramAddress(`${place};transport=${scheme}`);
}
