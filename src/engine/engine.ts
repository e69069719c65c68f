import { performance } from 'node:perf_hooks';
import type { Settings } from '../config/settings.ts';
import type { FlowTokens } from '../edge/flow-token.ts';
import type { EndReason, Handlers, Hiding, Realm, RingingCall, Target } from '../edge/signaling.ts';
import { KeyTable } from '../limits/key-table.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import { readMessage } from '../sip/message/read-message.ts';
import { parseUri } from '../sip/message/uri.ts';
import { isSoundResponse, refusalOf } from '../sip/message/validate.ts';
import type { Via } from '../sip/message/via.ts';
import { forwardRequest } from '../sip/proxy/forward-request.ts';
import { forwardResponse } from '../sip/proxy/forward-response.ts';
import { reasonHeader } from '../sip/proxy/reason-header.ts';
import { type IsOurs, readRouting } from '../sip/proxy/routing.ts';
import { ProgramAgents } from './agent/agents.ts';
import { hidingInRepeated } from './answer-hiding.ts';
import { CallTable, type Found, type LiveCall } from './call-table.ts';
import {
  ClientTransaction,
  type ClientTransactionUser,
  type SentRequest,
} from './client-transaction.ts';
import type { Core } from './core.ts';
import { endCall } from './end-call.ts';
import type { EngineObserver } from './engine-observer.ts';
import type { Inheritance } from './hand-over/inheritance.ts';
import { Successor } from './hand-over/successor.ts';
import { IncomingRequest, routedTargets } from './incoming-request.ts';
import { KeptAnswers } from './kept-answers.ts';
import { maySpeakFor } from './may-speak-for.ts';
import { OverConnections } from './over-connections.ts';
import { OwnNames } from './own-names.ts';
import type { Agents, Programs } from './protocol/program.ts';
import { BRANCH_LENGTH, newBranch, OUR_BRANCH } from './random-token.ts';
import type { Resolver } from './resolve/resolver.ts';
import { ringingCalls } from './ringing-calls.ts';
import { canCallBack, sendBack } from './send-back.ts';
import { ServerTransaction } from './server-transaction.ts';
import { createTimerWheel, type TimerWheel } from './timer-wheel.ts';
import { serverKey } from './transaction-key.ts';
import { createTransports } from './transport/create-transports.ts';
import type { TransportLog } from './transport/transport-context.ts';
import type { Channel, ConnectionCounts, Transports } from './transport/transports.ts';
import { Ways } from './ways.ts';
import { replyChannel, WithoutTransaction } from './without-transaction.ts';

export interface EngineOptions {
  readonly settings: Pick<
    Settings,
    'listeners' | 'tls' | 'limits' | 'dataDirectory' | 'calls' | 'drain'
  >;
  readonly tokens: FlowTokens;
  readonly log: TransportLog;
  readonly resolver: Resolver;
  readonly observer?: EngineObserver;
  /** Where the place of another gate is taken. */
  readonly inheritance?: Inheritance | undefined;
}

export interface EngineCounts {
  readonly transactions: number;
  readonly calls: number;
  /** INVITEs that have no final answer yet. */
  readonly ringing: number;
  readonly timers: number;
  readonly connections: ConnectionCounts;
  /** Lost by the system because they came faster than they were read. */
  readonly datagramsDropped: number;
  readonly floodLanes: number;
  /** What the thread slept on purpose while packets came, in all. */
  readonly sleptMs: number;
}

/** An answer is some 500 bytes; a quarter of the transactions allowed may be remembered after their end. */
const KEPT_BYTES = 128;
const SWEEP_EVERY_MS = 4000;
/** Four times a second: as many TLS handshakes take half of a thread's time. */
const MOST_LET_GO = 50;
const sessionExpired: EndReason = { text: 'Session expired' };
/** How much larger the table may grow for the PBX, trunks and live calls. */
const RESERVE = 1.25;
/** And for emergency calls: less, or strangers who dial nothing else would leave the PBX no room at all. */
const EMERGENCY_RESERVE = 1.125;

/** Takes messages from the sockets to the transaction, call or handler they belong to. */
export class Engine implements Core {
  readonly wheel: TimerWheel;
  readonly calls: CallTable;
  ringMs: number;
  readonly transports: Transports;
  names = new OwnNames([]);
  /** What programs do with SIP, when there are any. */
  agents: ProgramAgents | undefined;
  /** The gate that takes our place, when one does: what belongs to nothing here is its own. */
  successor: Successor | undefined;

  readonly #options: EngineOptions;
  readonly #handlers: Handlers;
  readonly #ways: Ways;
  readonly #servers = new KeyTable<ServerTransaction>();
  readonly #clients = new KeyTable<ClientTransaction>();
  readonly #kept: KeptAnswers;
  readonly without: WithoutTransaction;
  #sweeping: NodeJS.Timeout | undefined;
  #retryAfterSeconds: number;
  #forgetAfterMs: number;
  #ringing = 0;
  readonly #over = new OverConnections();
  readonly isOurRoute = (recordRoute: string): boolean => {
    const uri = parseUri(parseNameAddress(recordRoute)?.uri ?? '');
    return uri !== undefined && this.names.isOurs(uri);
  };
  readonly #isOurs: IsOurs = (uri) => this.names.isOurs(uri);

  constructor(options: EngineOptions, handlers: Handlers) {
    const { settings } = options;
    this.#options = options;
    this.#handlers = handlers;
    this.#kept = new KeptAnswers(settings.limits.transactions * KEPT_BYTES, () => this.now());
    this.without = new WithoutTransaction(handlers, options.observer);
    this.ringMs = settings.calls.ringSeconds * 1000;
    this.#retryAfterSeconds = settings.drain.retryAfterSeconds;
    this.#forgetAfterMs = settings.calls.forgetAfterHours * 3_600_000;
    this.wheel = createTimerWheel({ onFault: (problem) => this.fault(problem) });
    this.calls = new CallTable({
      wheel: this.wheel,
      forgetAfterMs: () => this.#forgetAfterMs,
      started: (call) => handlers.callStarted?.(call),
      expired: (call) => this.#expired(call),
      ended: (call, why) => {
        this.agents?.callEnded(call, why);
        handlers.callEnded?.(call, why);
      },
    });
    this.transports = createTransports(
      settings,
      {
        admits: (listener, address, port, received) =>
          handlers.admits?.(listener, address, port, received) ?? true,
        isShutOut: (listener, address, port) =>
          handlers.isShutOut?.(listener, address, port) ?? false,
        realmOf: (source) => handlers.realmOf?.(source) ?? source.listener.realm,
        message: (wire, channel) => this.#heard(wire, channel),
        tooLarge: (channel) => this.without.broken(channel, 'too-large'),
        unframeable: (head, problem, channel) => this.without.unframeable(head, problem, channel),
        closed: (channel) => this.#connectionClosed(channel),
      },
      options.log,
      options.tokens,
      options.inheritance,
    );
    this.#ways = new Ways(this.transports, options.resolver, (problem) => this.fault(problem));
  }

  async open(): Promise<void> {
    await this.transports.open();
    this.names = new OwnNames(this.transports.listeners);
    this.#sweeping = setInterval(() => this.#kept.sweep(), SWEEP_EVERY_MS);
  }

  counts(): EngineCounts {
    return {
      transactions: this.#servers.size + this.#clients.size,
      calls: this.calls.size,
      ringing: this.#ringing,
      timers: this.wheel.size,
      connections: this.transports.counts(),
      datagramsDropped: this.transports.datagramsDropped(),
      floodLanes: this.transports.floodLanes,
      sleptMs: this.transports.sleptMs,
    };
  }

  /** Takes up settings that changed, for what comes from now on. */
  reconfigure({ calls, drain }: Pick<Settings, 'calls' | 'drain'>): void {
    this.ringMs = calls.ringSeconds * 1000;
    this.#forgetAfterMs = calls.forgetAfterHours * 3_600_000;
    this.#retryAfterSeconds = drain.retryAfterSeconds;
  }

  ringing(): Iterable<RingingCall> {
    return ringingCalls(this.#servers.values());
  }

  servePrograms(open: (agents: Agents) => Programs): void {
    const { calls, transactions, registrations } = this.#options.settings.limits;
    const forgetAfterMs = () => this.#forgetAfterMs;
    const limits = {
      dialogs: calls,
      requests: transactions,
      contacts: registrations,
      forgetAfterMs,
    };
    this.agents = new ProgramAgents(this, limits, open);
  }

  end(callId: string, reason: EndReason): boolean {
    const live = this.calls.named(callId);
    for (const call of live) endCall(this, call, reason);
    let ended = this.agents?.endCall(callId, reason) === true || live.length > 0;
    for (const transaction of this.#servers.values())
      if (transaction.isInvite && transaction.request?.callId === callId) {
        transaction.cancelled = true;
        transaction.user?.cancelled([reasonHeader(reason)]);
        ended = true;
      }
    return ended;
  }

  /**
   * Both sides should have ended it by now (RFC 4028 §10). A phone can set a session that its PBX knows nothing of, and
   * would be in a call that we have forgotten.
   */
  #expired(call: LiveCall): void {
    if (call.dialog.sessionSeconds > 0) endCall(this, call, sessionExpired, 'expired');
    else this.calls.remove(call, 'expired');
  }

  async handOver(link: string, lost: () => void): Promise<void> {
    this.successor = await Successor.expect(link, {
      channelFrom: (token) => this.transports.channelFrom(token),
      came: () => this.transports.retire(),
      lost: () => {
        this.successor = undefined;
        lost();
      },
    });
  }

  /** Those whose connection ends come back to the other gate: not all at once. */
  letGo(): number {
    const needed = new Set<Channel>(this.#over.connections());
    for (const { channels } of this.calls) needed.add(channels.caller).add(channels.callee);
    let ended = 0;
    for (const connection of this.transports.connections()) {
      if (ended >= MOST_LET_GO) break;
      if (needed.has(connection) || this.successor?.uses(connection.token) !== false) continue;
      connection.close();
      ended++;
    }
    return this.transports.counts().open;
  }

  async close(): Promise<void> {
    const { successor } = this;
    if (successor !== undefined) {
      await successor.taken();
      this.transports.finish();
    }
    clearInterval(this.#sweeping);
    this.#kept.clear();
    this.agents?.close();
    for (const transaction of this.#servers.values()) transaction.forget();
    for (const transaction of this.#clients.values()) transaction.forget();
    this.#servers.clear();
    this.#clients.clear();
    this.#over.clear();
    this.calls.clear();
    this.wheel.close();
    await this.transports.close();
    await successor?.close();
  }

  // --- what the parts of the engine ask for

  now(): number {
    return performance.now();
  }

  keep(key: string, channel: Channel, answer: string | undefined): void {
    this.#kept.keep(key, channel, answer);
  }

  undelivered(channel: Channel, answer: string, failed: () => void): void {
    sendBack(this, channel, answer, failed);
  }

  hears(channel: Channel): boolean {
    return channel.realm !== 'access' || (this.#handlers.hears?.(channel) ?? true);
  }

  answered(transaction: ServerTransaction, status: number): void {
    this.#options.observer?.answered(status, transaction.channel);
    if (status >= 200 && transaction.isInvite && !transaction.answered) this.#ringing--;
  }

  ended(transaction: ServerTransaction | ClientTransaction): void {
    if (transaction instanceof ServerTransaction) {
      if (transaction.isInvite && !transaction.answered) this.#ringing--;
      this.#servers.delete(transaction.key);
      this.#over.remove(transaction.replyTo, transaction);
    } else {
      this.#clients.delete(transaction.key);
      this.#over.remove(transaction.channel, transaction);
    }
  }

  transmit(
    user: ClientTransactionUser,
    channel: Channel,
    sent: SentRequest,
    makeAck?: (wire: string, response: Message) => string,
  ): ClientTransaction {
    const transaction = new ClientTransaction(this, user, channel, sent, makeAck);
    this.#clients.set(transaction.key, transaction);
    this.#over.add(channel, transaction);
    transaction.start();
    return transaction;
  }

  waysTo(target: Target, found: (ways: readonly Channel[]) => void): void {
    this.#ways.to(target, found);
  }

  streamInstead(channel: Channel, withinMs: number): Channel | undefined {
    return this.#ways.streamInstead(channel, withinMs);
  }

  refusedStream(channel: Channel): void {
    this.#ways.refusedStream(channel);
  }

  flowFrom(token: string): Channel | 'forged' | 'stale' {
    return this.transports.channelFrom(token);
  }

  flowInsteadOf(token: string): Channel | undefined {
    const instead = this.#handlers.flowInsteadOf?.(token);
    const flow = instead === undefined ? undefined : this.flowFrom(instead);
    return typeof flow === 'string' ? undefined : flow;
  }

  ownAddress(target: Target): string {
    let address: string | undefined;
    this.waysTo(target, ([channel]) => {
      if (channel !== undefined) address = this.names.toward(channel).address;
    });
    return address ?? this.names.anyAddress;
  }

  mayReach(host: string, port: number, from: Realm): boolean {
    return this.#handlers.mayReach?.(host, port, from) ?? false;
  }

  hides(from: Realm): Hiding | undefined {
    return this.#handlers.hides?.(from);
  }

  behind(uri: string): string | undefined {
    return this.#handlers.behind?.(uri);
  }

  hidesFrom(channel: Channel, request: Message): boolean {
    return this.#handlers.hidesFrom?.(channel, request) ?? false;
  }

  /** Datagrams are handled by turns, whose beginning is known: the clock is not asked for each. */
  heardAt({ reliable }: Channel): number {
    return reliable ? this.now() : this.transports.takenAt;
  }
  sentOn(method: string, heardAt: number): void {
    this.#options.observer?.sentOn(method, this.now() - heardAt);
  }

  fault(problem: unknown): void {
    this.#options.log.error({ err: problem }, 'a fault in the gate itself');
  }

  // --- what the sockets bring

  /** A datagram was admitted already; a connection may be from before its source was refused. */
  #heard(wire: string, channel: Channel): void {
    const { listener, address, port, reliable } = channel;
    if (!reliable || this.#handlers.admits?.(listener, address, port, wire) !== false)
      this.#received(wire, channel);
    else channel.close();
  }

  #received(wire: string, channel: Channel): void {
    const message = readMessage(wire);
    if (message === undefined) this.without.broken(channel, 'not-sip');
    else if (message.isRequest) this.#requestReceived(message, channel);
    else this.#responseReceived(message, channel);
  }

  #responseReceived(response: Message, channel: Channel): void {
    const branch = response.via?.branch ?? '';
    const key = response.cseqMethod === 'CANCEL' ? `${branch} CANCEL` : branch;
    const transaction = this.#clients.get(key);
    if (!isSoundResponse(response)) this.without.ignored(channel);
    else if (transaction !== undefined) transaction.received(response);
    else this.#strayResponse(response, channel);
  }

  /** Dropped (RFC 6026 §7.2), but for a repeated 2xx of a live call: it must reach the caller to be acknowledged. */
  #strayResponse(response: Message, channel: Channel): void {
    const { status, cseqMethod } = response;
    const repeated =
      cseqMethod === 'INVITE' && status >= 200 && status < 300
        ? this.calls.answeredAgain(response, channel, this.isOurRoute)
        : undefined;
    if (repeated === undefined) {
      if (this.successor !== undefined) this.successor.pass(response.wire, channel);
      else this.without.ignored(channel);
      return;
    }
    const { replyTo: caller, keptVias: vias } = repeated;
    const hides = this.hides(caller.realm);
    const hiding = hides && hidingInRepeated(this, hides, caller, vias);
    const answer = forwardResponse(response, undefined, caller.reliable, hiding);
    caller.send(answer, () => sendBack(this, caller, answer, () => {}));
  }

  #requestReceived(request: Message, channel: Channel): void {
    const { method, via } = request;
    this.#options.observer?.received(method, channel);
    if (via === undefined) {
      if (this.without.answersBroken(channel, 'via')) this.without.refuse(request, channel, 400);
      return;
    }
    const isAck = method === 'ACK';
    const key = serverKey(request, via, isAck ? 'INVITE' : method, channel);
    const known = this.#servers.get(key);
    if (known !== undefined && known.isInvite === (isAck || method === 'INVITE')) {
      if (!isAck) known.repeated();
      else if (request.flaw === undefined && !known.accepted) known.acknowledged();
      if (!isAck || !known.accepted) return;
    }
    if (!isAck && this.#kept.sendAgain(key)) return;
    const refusal = refusalOf(request);
    if (refusal !== undefined) {
      const { status, reason, headers, problem } = refusal;
      if (this.without.answersBroken(channel, problem) && !isAck)
        this.without.refuse(request, channel, status, reason, headers);
      return;
    }
    if (this.successor !== undefined && !this.#isOfOurs(request, channel, method, via)) {
      this.successor.pass(request.wire, channel);
      return;
    }
    if (isAck) this.#ackReceived(request, channel);
    else if (method === 'CANCEL')
      this.#cancelReceived(request, channel, serverKey(request, via, 'INVITE', channel));
    else this.#newRequest(request, channel, key);
  }

  /** Inside a call that is here, or about a request that is. */
  #isOfOurs(request: Message, channel: Channel, method: string, via: Via): boolean {
    if (method === 'CANCEL')
      return this.#servers.get(serverKey(request, via, 'INVITE', channel)) !== undefined;
    return request.toTag !== '' && this.#callOf(request, channel) !== undefined;
  }

  #newRequest(request: Message, channel: Channel, key: string): void {
    if (request.wire.includes(OUR_BRANCH) && this.#loops(request)) {
      this.without.refuseOpenly(request, channel, 482);
      return;
    }
    const { limits } = this.#options.settings;
    const opensCall = request.method === 'INVITE' && request.toTag === '';
    const found = request.toTag === '' ? undefined : this.#callOf(request, channel);
    // strangers fill the table before the PBX or a live call does
    const mine = channel.realm !== 'access' || found !== undefined;
    const most = mine ? limits.transactions * RESERVE : limits.transactions;
    const full = this.#servers.size >= most || (opensCall && this.calls.size >= limits.calls);
    if (full && !(opensCall && this.#hasReserveFor(request))) {
      this.without.refuseOpenly(request, channel, 503, [
        { name: 'Retry-After', value: String(this.#retryAfterSeconds) },
      ]);
      return;
    }
    const transaction = new ServerTransaction(
      this,
      key,
      request,
      channel,
      replyChannel(request, channel),
    );
    this.#servers.set(key, transaction);
    this.#over.add(transaction.replyTo, transaction);
    if (transaction.isInvite) this.#ringing++;
    const routing = readRouting(request, this.#isOurs);
    const incoming = new IncomingRequest(this, transaction, request, channel, routing, found);
    transaction.user = incoming;
    try {
      if (this.agents?.requestReceived(incoming, transaction) === true) return;
      this.#handlers.request(incoming);
    } catch (problem) {
      this.fault(problem);
      incoming.answer(500);
    }
  }

  /** An emergency call finds room where others find none, up to a bound: anybody can dial one. */
  #hasReserveFor({ requestUri }: Message): boolean {
    const { limits } = this.#options.settings;
    return (
      this.#servers.size < limits.transactions * EMERGENCY_RESERVE &&
      this.calls.size < limits.calls * RESERVE &&
      this.#handlers.isEmergency?.(requestUri) === true
    );
  }

  /** An ACK to a 2xx: forwarded once, by its route or its call, without a transaction (RFC 3261 §16). */
  #ackReceived(request: Message, channel: Channel): void {
    if (this.agents?.ackReceived(request, channel) === true) return;
    if (this.without.isOurs(request.toTag)) return;
    const routing = readRouting(request, this.#isOurs);
    const found = this.#callOf(request, channel);
    if (found !== undefined) this.calls.heard(found, request, channel);
    const targets = routedTargets(this, { request, channel, routing, found });
    const [target] = typeof targets === 'number' ? [] : targets;
    if (target === undefined) {
      this.without.ignored(channel);
      return;
    }
    if (found !== undefined) this.calls.acknowledged(found);
    this.waysTo(target, ([way]) => {
      if (way === undefined) return;
      const wire = forwardRequest(request, {
        via: `${this.names.toward(way).via}${newBranch()}`,
        recordRoutes: '',
        address: channel.address,
        port: channel.port,
        routing,
        requestUri: target.requestUri,
        headers: undefined,
        stream: way.reliable,
        hiding: this.hides(channel.realm),
        own: this.names.toward(way).address,
      });
      way.send(wire);
    });
  }

  #callOf(request: Message, channel: Channel): Found | undefined {
    const found = this.calls.find(request, channel.realm);
    return found !== undefined && maySpeakFor(found, channel) ? found : undefined;
  }

  /** RFC 3261 §9.2, §16.10: answered here, hop by hop, whatever becomes of the INVITE. */
  #cancelReceived(request: Message, channel: Channel, inviteKey: string): void {
    const invite = this.#servers.get(inviteKey);
    const tooLate = this.agents?.cancelledTooLate(inviteKey) === true;
    if (invite === undefined || !invite.isInvite || tooLate) {
      this.without.refuseOpenly(request, channel, 481);
      return;
    }
    this.without.refuse(request, channel, 200, undefined, undefined, invite.toTag);
    if (invite.cancelled || invite.answered) return;
    invite.cancelled = true;
    invite.user?.cancelled(request.list(Header.reason), request);
  }

  /** Our own Via, and the branch it belongs to is still out with the very same Request-URI (RFC 5393). */
  #loops(request: Message): boolean {
    for (
      let at = request.wire.indexOf(OUR_BRANCH);
      at >= 0;
      at = request.wire.indexOf(OUR_BRANCH, at + 1)
    ) {
      const sent = this.#clients.get(request.wire.slice(at, at + BRANCH_LENGTH));
      if (sent?.wire.startsWith(`${request.method} ${request.requestUri} `)) return true;
    }
    return false;
  }

  #connectionClosed(channel: Channel): void {
    this.successor?.closed(channel);
    for (const transaction of this.#over.take(channel))
      if (transaction instanceof ClientTransaction) transaction.connectionLost();
      else if (!canCallBack(channel)) transaction.user?.callerLost();
    this.#handlers.flowClosed?.(channel);
  }
}
