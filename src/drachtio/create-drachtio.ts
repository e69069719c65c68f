import { createHmac, createSecretKey } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { showHostPort } from '../config/forms.ts';
import type { DrachtioSettings, Settings } from '../config/settings.ts';
import type { FlowTokens } from '../edge/flow-token.ts';
import type {
  EndReason,
  Handlers,
  Listener,
  Outcome,
  OwnRequest,
  Serving,
  Signaling,
  Target,
} from '../edge/signaling.ts';
import { dialogIdOf } from '../sip/dialog/dialog-id.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { bareHost, parseUri, uriParameter } from '../sip/message/uri.ts';
import { refusalOf } from '../sip/message/validate.ts';
import { reasonHeader } from '../sip/proxy/reason-header.ts';
import { Bridges, type Leg } from './bridges.ts';
import type { Carrier, CarrierObserver } from './carrier.ts';
import { Flows, ServerFlow } from './flows.ts';
import { Incoming } from './incoming.ts';
import { nextHopOf } from './next-hop.ts';
import { Sent } from './sent.ts';
import { type LinkLog, ServerLink, type Welcome } from './server-link.ts';
import { ServerListeners, shownAddress } from './server-listeners.ts';
import { forgetInvite, type SrfRequest, type SrfResponse } from './srf.ts';
import { Headers, messageOf, notOfRequest, textOf } from './wire.ts';

export interface DrachtioOptions {
  readonly settings: Pick<Settings, 'calls' | 'drain' | 'limits'> & {
    readonly drachtio: DrachtioSettings;
  };
  /** TLS toward the servers, when it is asked for. */
  readonly tls?: ConnectionOptions;
  readonly tokens: FlowTokens;
  /** What Call-IDs toward the other side are derived with. */
  readonly key: Buffer;
  readonly log: LinkLog;
  /** Where requests to a URI go; the servers look names up by themselves, and tell nobody. */
  readonly placesOf: Signaling['placesOf'];
  readonly observer?: CarrierObserver;
}

/** What the adapter can say about itself beyond the port. */
export interface DrachtioServing extends Serving {
  counts(): {
    readonly transactions: number;
    readonly calls: number;
    readonly ringing: number;
    /** The server's connections are its own affair. */
    readonly connections: typeof noConnections;
    readonly timers: number;
    readonly datagramsDropped: number;
    readonly floodLanes: number;
    readonly sleptMs: number;
  };
  /** None: TLS is the server's. */
  certificates(): readonly never[];
  /** Which server carries SIP, or did last. */
  server(): { readonly address: string; readonly connected: boolean };
  reconfigure(settings: Pick<Settings, 'calls' | 'drain'>): void;
}

export interface DrachtioCarrier extends Signaling {
  serve(handlers: Handlers): Promise<DrachtioServing>;
}

/** SIP over a drachtio-server that somebody else runs: the port over drachtio-srf. `limits.ts` says what it cannot. */
export const createDrachtio = (options: DrachtioOptions): DrachtioCarrier => ({
  placesOf: (uri) => options.placesOf(uri),
  async serve(handlers) {
    const drachtio = new Drachtio(options, handlers);
    try {
      await drachtio.link.open();
    } catch (problem) {
      await drachtio.close();
      throw problem;
    }
    return drachtio;
  },
});

const noConnections = { byTransport: {}, handshaking: 0, refused: {} } as const;
/** How much larger the table may grow for the PBX, trunks and live calls. */
const RESERVE = 1.25;

class Drachtio implements Carrier, DrachtioServing {
  readonly handlers: Handlers;
  readonly link: ServerLink;
  readonly flows: Flows;
  readonly bridges: Bridges;
  readonly observer: CarrierObserver | undefined;
  readonly incoming = new Set<Incoming>();
  readonly sent = new Set<Sent>();
  #servers = new ServerListeners('', '', []);
  ringMs: number;
  readonly #options: DrachtioOptions;
  #forgetAfterMs: number;
  #retryAfterSeconds: number;
  readonly #callIds: (callId: string, fromTag: string, nth: number) => string;

  constructor(options: DrachtioOptions, handlers: Handlers) {
    const { settings, tls, tokens, key, log } = options;
    this.#options = options;
    this.handlers = handlers;
    this.observer = options.observer;
    this.ringMs = settings.calls.ringSeconds * 1000;
    this.#forgetAfterMs = settings.calls.forgetAfterHours * 3_600_000;
    this.#retryAfterSeconds = settings.drain.retryAfterSeconds;
    this.#callIds = createCallIds(key);
    this.flows = new Flows(this, tokens);
    this.bridges = new Bridges(this, () => this.#forgetAfterMs);
    const { servers, secret } = settings.drachtio;
    this.link = new ServerLink(
      { servers, secret, log, ...(tls !== undefined && { tls }) },
      {
        up: (welcome) => this.#welcomed(welcome),
        down: () => this.#serverLost(),
        received: (request, response) => this.received(request, response),
      },
    );
  }

  // --- the port

  get listeners(): readonly Listener[] {
    return this.#servers.all;
  }

  send(request: OwnRequest, done: (outcome: Outcome) => void): void {
    const { target, method, requestUri } = request;
    const proxy = nextHopOf(target.nextHop);
    const dead = target.nextHop instanceof ServerFlow && !target.nextHop.open;
    if (dead || parseUri(proxy) === undefined) {
      queueMicrotask(() => done({ kind: 'failed', failure: 'unreachable' }));
      return;
    }
    const headers = new Headers();
    headers.add('From', request.from.includes('<') ? request.from : `<${request.from}>`);
    headers.add('To', request.to.includes('<') ? request.to : `<${request.to}>`);
    headers.apply(request.headers, notOfRequest);
    new Sent(
      this,
      { method, uri: textOf(requestUri), proxy, headers: headers.forSrf() },
      {
        answered: ({ message: response }) => {
          if (response.status >= 200) done({ kind: 'answered', response });
        },
        failed: (failure) => {
          if (failure === 'unreachable' && target.nextHop instanceof ServerFlow && this.link.up)
            this.flows.lost(target.nextHop);
          done({ kind: 'failed', failure });
        },
      },
      request.timeoutMs,
    );
  }

  flowFrom(token: string): ServerFlow | 'forged' | 'stale' {
    return this.flows.from(token);
  }

  ownAddress({ nextHop, realm = 'core' }: Target): string {
    if (nextHop instanceof ServerFlow) return shownAddress(nextHop.listener);
    const uri = parseUri(nextHopOf(nextHop));
    const transport = uriParameter(uri?.parameters ?? '', 'transport')?.toLowerCase();
    const host = bareHost(uri?.host ?? '');
    const listener =
      this.#servers.toward(
        transport === 'tcp' || transport === 'tls' ? transport : 'udp',
        host,
        realm,
      ) ?? this.#servers.all[0];
    return listener === undefined ? 'localhost' : shownAddress(listener);
  }

  ping(): void {
    throw new Error('a drachtio-server sends no bytes of ours: keep-alives are OPTIONS here');
  }

  calls() {
    return this.bridges.calls();
  }

  callsNamed(callId: string) {
    return this.bridges.callsNamed(callId);
  }

  *ringing() {
    for (const { ringing } of this.incoming) if (ringing !== undefined) yield ringing;
  }

  end(callId: string, reason: EndReason): boolean {
    let ended = this.bridges.endWith(callId, reason);
    for (const incoming of this.incoming)
      if (incoming.ringing?.callId === callId) {
        incoming.stop([reasonHeader(reason)]);
        ended = true;
      }
    return ended;
  }

  counts() {
    let ringing = 0;
    for (const incoming of this.incoming) if (incoming.ringing !== undefined) ringing++;
    return {
      transactions: this.incoming.size + this.sent.size,
      calls: this.bridges.size,
      ringing,
      connections: noConnections,
      timers: 0,
      datagramsDropped: 0,
      floodLanes: 0,
      sleptMs: 0,
    };
  }

  certificates(): readonly never[] {
    return [];
  }

  server() {
    const { host, port } = this.link.server ?? { host: '', port: 0 };
    return { address: showHostPort(host, port), connected: this.link.up };
  }

  reconfigure({ calls, drain }: Pick<Settings, 'calls' | 'drain'>): void {
    this.ringMs = calls.ringSeconds * 1000;
    this.#forgetAfterMs = calls.forgetAfterHours * 3_600_000;
    this.#retryAfterSeconds = drain.retryAfterSeconds;
  }

  async close(): Promise<void> {
    this.link.close();
    this.bridges.close();
    for (const incoming of this.incoming) incoming.forget();
    for (const sent of this.sent) sent.forget();
    this.incoming.clear();
    this.sent.clear();
  }

  // --- what the parts ask for

  get servers(): ServerListeners {
    return this.#servers;
  }

  callIdToward(callId: string, fromTag: string, nth: number): string {
    return this.#callIds(callId, fromTag, nth);
  }

  fault(problem: unknown): void {
    this.#options.log.error({ err: problem }, 'a fault in the gate itself');
  }

  // --- what the server brings

  #welcomed({ hostPorts, localHostPorts, server, version }: Welcome): void {
    const { listeners: realms } = this.#options.settings.drachtio;
    this.#servers = new ServerListeners(hostPorts, localHostPorts, realms, this.#servers.all);
    this.#options.log.info(
      { server: showHostPort(server.host, server.port), version, listeners: hostPorts },
      'connected to a drachtio-server',
    );
  }

  #serverLost(): void {
    for (const sent of [...this.sent]) sent.lost();
    for (const incoming of [...this.incoming]) incoming.forget();
    this.incoming.clear();
    this.bridges.lost();
  }

  received(request: SrfRequest, response: SrfResponse): void {
    try {
      this.#received(request, response);
    } catch (problem) {
      this.fault(problem);
    }
  }

  #received(request: SrfRequest, response: SrfResponse): void {
    const message = messageOf(request.msg);
    if (message === undefined) return;
    const leg = this.#legOf(request.stackDialogId, message);
    if (request.source === 'application') {
      if (leg !== undefined) this.bridges.ended(leg, message);
      return;
    }
    if (message.method === 'ACK') {
      leg?.settleAck(message);
      return;
    }
    const { protocol, source_address: address, source_port: port, receivedOn } = request;
    const listener =
      (receivedOn === undefined ? leg?.flow.listener : undefined) ??
      this.#servers.receivedOn(protocol, receivedOn);
    if (listener === undefined) return;
    if (this.handlers.admits?.(listener, address, port, message.wire) === false) {
      if (message.method === 'INVITE') forgetInvite(response, message.callId);
      return;
    }
    const flow = this.flows.heard(listener, protocol, address, port);
    this.observer?.received(message.method, flow);
    const known = leg !== undefined && maySpeakFor(leg, flow) ? leg : undefined;
    const incoming = new Incoming(this, message, response, flow, known);
    const refusal = refusalOf(message);
    if (refusal !== undefined) {
      const { status, reason, headers, problem } = refusal;
      if (this.handlers.answersBroken?.(flow, problem) === false) incoming.drop();
      else incoming.answer(status, headers, reason);
      return;
    }
    if (message.method === 'INVITE') {
      request.on('cancel', (cancel: { readonly raw: string }) =>
        incoming.cancel(messageOf(cancel)?.list(Header.reason) ?? []),
      );
      request.on('update', (update: SrfRequest, answer: SrfResponse) =>
        this.received(update, answer),
      );
    }
    if (this.#isFull(message, flow, known)) {
      incoming.answer(503, [{ name: 'Retry-After', value: String(this.#retryAfterSeconds) }]);
      return;
    }
    try {
      this.handlers.request(incoming);
    } catch (problem) {
      this.fault(problem);
      incoming.answer(500);
    }
  }

  /** By the server's word; before the answer a request comes without it. */
  #legOf(dialogId: string, { callId, fromTag, toTag }: Message): Leg | undefined {
    if (toTag === '') return undefined;
    return (
      this.bridges.withDialog(dialogId) ??
      this.bridges.withDialog(dialogIdOf(callId, fromTag)) ??
      this.bridges.withDialog(dialogIdOf(callId, toTag))
    );
  }

  /** Strangers fill the table before the PBX or a live call does. */
  #isFull({ method, toTag }: Message, { realm }: ServerFlow, leg: Leg | undefined): boolean {
    const { transactions, calls } = this.#options.settings.limits;
    const most = realm === 'access' && leg === undefined ? transactions : transactions * RESERVE;
    // the one that is asked about is among them already
    if (this.incoming.size > most) return true;
    return method === 'INVITE' && toTag === '' && this.bridges.size >= calls;
  }
}

/** A phone knows the tags of both sides: as the PBX it could answer its own BYE, and we would forget a call that goes on. */
const maySpeakFor = ({ flow: known }: Leg, flow: ServerFlow): boolean =>
  known.realm !== 'core' || flow.realm === 'core' || known.address === flow.address;

/** Nobody who knows a Call-ID on one side can work out the one on the other. */
function createCallIds(key: Buffer): (callId: string, fromTag: string, nth: number) => string {
  const secret = createSecretKey(key);
  return (callId, fromTag, nth) =>
    createHmac('sha256', secret)
      .update(`call\n${callId}\n${fromTag}\n${nth}`)
      .digest()
      .toString('base64url', 0, 18);
}
