import type { Failure, Forwarding, HeaderChange, Target } from '../edge/signaling.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { parseUri, type SipUri, uriParameter } from '../sip/message/uri.ts';
import { rankOf } from '../sip/proxy/best-response.ts';
import { breadthOf } from '../sip/proxy/breadth.ts';
import { challengesIn } from '../sip/proxy/challenges.ts';
import { answeredElsewhere } from '../sip/proxy/reason-header.ts';
import { Attempt, type AttemptUser } from './attempt.ts';
import { type Bridge, Leg, passAck } from './bridges.ts';
import type { Carrier } from './carrier.ts';
import { ServerFlow } from './flows.ts';
import type { Incoming } from './incoming.ts';
import { askedForAt, nextHopOf } from './next-hop.ts';
import type { Answered } from './sent.ts';
import type { SrfHeaders } from './srf.ts';
import { translateDialogs } from './translate-dialogs.ts';
import { edited, Headers, notOfOpening, notOfRequest, textOf } from './wire.ts';

interface Candidate {
  readonly status: number;
  /** Undefined for one of our own: nobody answered. */
  readonly answer: Message | undefined;
  readonly target: Target | undefined;
}

const tooLate = 'SIP;cause=487;text="Request Terminated"';
/** RFC 6665 §4.1.2.1: as long as nobody says otherwise. */
const SUBSCRIPTION_SECONDS = 3600;
const SUBSCRIPTION_SLACK_MS = 60_000;

/**
 * A request outside a dialog on its way to its targets, and their answers on the way back. The server sends it
 * anew for each: it cannot proxy so that Contact, Path and time-outs are what they must be. A request that opens
 * a dialog makes two of them, which are bridged.
 */
export class Relay implements AttemptUser {
  readonly #carrier: Carrier;
  readonly #incoming: Incoming;
  readonly #plan: Forwarding;
  readonly #targets: readonly Target[];
  readonly #attempts: Attempt[] = [];
  readonly #bridge: Bridge | undefined;
  /** Each attempt's part of how far the request may still fork (RFC 5393 §5.3.3). */
  #share: string | undefined;
  #next = 0;
  #best: Candidate | undefined;
  readonly #challenges: HeaderChange[] = [];
  #passedAny = false;
  #passedFinal = false;
  #cancelled = false;
  #ringing: NodeJS.Timeout | undefined;

  constructor(carrier: Carrier, incoming: Incoming, plan: Forwarding, targets: readonly Target[]) {
    this.#carrier = carrier;
    this.#incoming = incoming;
    this.#plan = plan;
    this.#targets = targets;
    const { request, flow } = incoming;
    const opens = request.method === 'INVITE' || request.method === 'SUBSCRIBE';
    this.#bridge = opens ? carrier.bridges.open(request, flow) : undefined;
  }

  get tryNextAfterMs(): number | undefined {
    const { parallel, tryNextAfterMs, lastToo } = this.#plan;
    return parallel !== true && (this.#targets.length > 1 || lastToo === true)
      ? tryNextAfterMs
      : undefined;
  }
  get isInvite(): boolean {
    return this.#incoming.request.method === 'INVITE';
  }

  start(): void {
    this.#restartRinging();
    if (this.#plan.parallel === true && this.#targets.length > 1) {
      const breadth = breadthOf(this.#incoming.request);
      if (breadth < this.#targets.length) {
        this.#passBack({ status: 440, answer: undefined, target: undefined });
        return;
      }
      this.#share = String(Math.floor(breadth / this.#targets.length));
      this.#next = this.#targets.length;
      for (const target of this.#targets) this.#launch(target);
      this.#settleIfOver();
    } else this.#tryNext();
  }

  /** The caller no longer wants it, or we end it. */
  cancel(reasons: readonly string[]): void {
    if (this.#passedFinal) return;
    this.#cancelled = true;
    this.#cancelAttempts(reasons);
    if (this.#incoming.cancelled)
      this.#passBack({ status: 487, answer: undefined, target: undefined });
    else this.#settleIfOver();
  }

  /** The request as this target is to get it. */
  toward(target: Target, nth: number): { readonly uri: string; readonly headers: SrfHeaders } {
    const { flow, hopsLeft } = this.#incoming;
    const { handlers } = this.#carrier;
    const hiding = handlers.hides?.(flow.realm);
    const request = edited(
      this.#incoming.request,
      hiding?.request,
      hiding === undefined ? '' : this.#carrier.ownAddress(target),
    );
    const skip = this.#bridge === undefined ? notOfRequest : notOfOpening;
    const headers = Headers.of(request, skip);
    translateDialogs(headers, flow, this.#carrier);
    headers.apply(this.#plan.headersFor?.(target) ?? this.#plan.headers, skip);
    headers.add('Max-Forwards', String(hopsLeft));
    if (this.#share !== undefined) headers.set('Max-Breadth', this.#share);
    headers.keepContact();
    headers.nameBody(request.body);
    if (this.#bridge !== undefined) headers.add('Call-ID', this.callIdToward(nth));
    return {
      uri: textOf(this.#requestUri(target)),
      headers: headers.forSrf(),
    };
  }

  callIdToward(nth: number): string {
    const { callId, fromTag } = this.#incoming.request;
    return this.#carrier.callIdToward(callId, fromTag, nth);
  }

  get method(): string {
    return this.#incoming.request.method;
  }
  get body(): string {
    return textOf(this.#incoming.request.body);
  }

  /**
   * A server sends nothing to itself, by whatever next hop: then the URI names the next hop. And what goes out in
   * the clear cannot be asked for by `sips`.
   */
  #requestUri({ requestUri = this.#incoming.request.requestUri, nextHop }: Target): string {
    const uri = parseUri(requestUri);
    const hop = parseUri(nextHopOf(nextHop));
    if (hop === undefined) return requestUri;
    if (uri === undefined) return askedForAt(hop, requestUri);
    const scheme = isOverTls(hop) ? uri.scheme : 'sip';
    const rest = requestUri.slice(uri.scheme.length);
    if (!this.#carrier.servers.isOurs(uri)) return scheme + rest;
    const user = uri.user === '' ? '' : `${uri.user}@`;
    const port = hop.port === undefined ? '' : `:${hop.port}`;
    return `${scheme}:${user}${hop.host}${port}`;
  }

  // --- what the attempts report

  attemptAnswered(attempt: Attempt, answered: Answered): void {
    const { status } = answered.message;
    if (status < 200) this.#provisional(attempt, answered);
    else if (status < 300) this.#success(attempt, answered);
    else this.#failure(attempt, answered.message);
  }

  attemptFailed(attempt: Attempt, failure: Failure): void {
    const passedOver = attempt.abandoned;
    if (!passedOver && !this.#cancelled) this.#plan.onTargetFailed?.(attempt.target, failure);
    const { nextHop } = attempt.target;
    if (failure === 'unreachable' && nextHop instanceof ServerFlow && this.#carrier.link.up)
      this.#carrier.flows.lost(nextHop);
    if (!attempt.over) attempt.abandon();
    // RFC 5626 §5.3: the connection to the one who is asked for is gone
    const unreachable = nextHop instanceof ServerFlow && this.#carrier.link.up ? 430 : 503;
    const status = failure === 'unreachable' ? unreachable : 408;
    this.#collect({ status, answer: undefined, target: attempt.target });
    if (passedOver || !this.#tryNextAfterFailure()) this.#settleIfOver();
  }

  #provisional(attempt: Attempt, { message, from, dialogId }: Answered): void {
    if (this.#passedFinal) return;
    this.#restartRinging();
    if (message.status === 100 || attempt.abandoned || !this.isInvite) return;
    this.#passedAny = true;
    if (message.toTag !== '' && dialogId !== '') {
      const leg = this.#legOf(attempt, message, from);
      const rseq = message.value(Header.rseq);
      if (rseq !== undefined) leg.reliable = `${rseq} ${message.value(Header.cseq) ?? ''}`;
    }
    this.#incoming.relay(message, { changes: this.#changes(message, attempt.target) });
  }

  #success(attempt: Attempt, answered: Answered): void {
    const { message, from, ack, dialogId } = answered;
    if (this.#passedFinal) {
      if (this.isInvite && dialogId !== '') this.#hangUpLate(attempt, answered);
      return;
    }
    const bridge = this.#bridge;
    if (bridge === undefined) {
      this.#incoming.relay(message, { changes: this.#changes(message, attempt.target) });
      this.#finish(message.status);
      this.#cancelAttempts([answeredElsewhere]);
      return;
    }
    const leg = this.#legOf(attempt, message, from);
    leg.toTag = message.toTag;
    leg.heard(message);
    bridge.caller.toTag ||= message.toTag;
    const { bridges } = this.#carrier;
    if (this.isInvite) passAck(this.#carrier, bridge.caller, ack);
    else bridge.expiresAt = subscriptionEnd(message);
    bridges.answered(bridge, leg, message);
    this.#incoming.relay(message, {
      changes: this.#changes(message, attempt.target),
      refused: () => {
        // the caller gave up in this very moment, and the server told it so
        if (this.isInvite) bridges.end(bridge, 'bye', tooLate, bridge.caller);
        else bridges.drop(bridge);
      },
    });
    this.#finish(message.status);
    this.#cancelAttempts([answeredElsewhere]);
  }

  /** The 2xx crossed our CANCEL: nobody waits for it any more (RFC 3261 §9.1). */
  #hangUpLate({ leg }: Attempt, { ack, dialogId }: Answered): void {
    ack({});
    const reason = this.#cancelled ? tooLate : answeredElsewhere;
    if (leg !== undefined) this.#carrier.bridges.remove(leg);
    this.#carrier.link.request(
      { method: 'BYE', stackDialogId: dialogId, headers: { Reason: reason } },
      () => {},
    );
  }

  #failure(attempt: Attempt, answer: Message): void {
    const { status } = answer;
    if (status === 503) this.#plan.onTargetFailed?.(attempt.target, 'unavailable');
    if (this.#passedFinal) return;
    const { target } = attempt;
    if (attempt.abandoned) {
      if (status !== 487) this.#collect({ status, answer, target });
      this.#settleIfOver();
      return;
    }
    if ((status === 401 || status === 407) && this.#attempts.length > 1)
      this.#challenges.push(...challengesIn(answer));
    this.#collect({ status, answer, target });
    if (status >= 600) {
      this.#next = this.#targets.length;
      this.#cancelAttempts();
    } else if (status === 503 && this.#tryNextAfterFailure()) return;
    else if (this.#plan.parallel !== true) this.#next = this.#targets.length;
    this.#settleIfOver();
  }

  #legOf(attempt: Attempt, answer: Message, from: Answered['from']): Leg {
    const bridge = this.#bridge;
    if (bridge === undefined) throw new Error(`a ${this.method} opens no dialog`);
    if (attempt.leg === undefined) {
      const flow = this.#flowOf(attempt.target, from);
      const { callId, fromTag, toTag } = answer;
      attempt.leg = new Leg(bridge, 'callee', callId, fromTag, toTag, flow);
      this.#carrier.bridges.add(attempt.leg);
    }
    bridge.callee = attempt.leg;
    return attempt.leg;
  }

  /** Where an answer came from. */
  #flowOf({ nextHop, realm = 'core' }: Target, from: Answered['from']): ServerFlow {
    if (nextHop instanceof ServerFlow) return nextHop;
    const { protocol, source_address: address, source_port: port } = from;
    const { servers, flows } = this.#carrier;
    const transport = protocol === 'tcp' || protocol === 'tls' ? protocol : 'udp';
    const listener = servers.toward(transport, address, realm) ?? this.#incoming.flow.listener;
    return flows.heard(listener, protocol, address, port);
  }

  #launch(target: Target): void {
    const attempt = new Attempt(this.#carrier, this, target, this.#attempts.length);
    this.#attempts.push(attempt);
    attempt.start();
  }

  #tryNext(): void {
    const target = this.#targets[this.#next++];
    if (target !== undefined) this.#launch(target);
    else this.#settleIfOver();
  }

  /** RFC 3261 §16.7 step 5 and RFC 3263 §4.3: only while the caller has heard nothing. */
  #tryNextAfterFailure(): boolean {
    const heard = this.#passedAny || this.#passedFinal;
    if (heard || this.#cancelled) this.#next = this.#targets.length;
    if (this.#plan.parallel === true || this.#next >= this.#targets.length) return false;
    this.#tryNext();
    return true;
  }

  #collect(candidate: Candidate): void {
    if (this.#best === undefined || rank(candidate) < rank(this.#best)) this.#best = candidate;
  }

  #settleIfOver(): void {
    if (this.#passedFinal) return;
    if (!this.#attempts.every((attempt) => attempt.over || attempt.abandoned)) return;
    if (!this.#cancelled && this.#next < this.#targets.length) return;
    this.#passBack(
      this.#cancelled && this.#best?.answer === undefined
        ? { status: 487, answer: undefined, target: undefined }
        : (this.#best ?? { status: 503, answer: undefined, target: undefined }),
    );
  }

  #passBack({ status, answer, target }: Candidate): void {
    // RFC 4320 §4.2: a 408 to anything but an INVITE comes too late for everybody
    const silent = status === 408 && !this.isInvite;
    // RFC 3261 §16.7 step 6: a 503 of somebody else's would say that we can serve nobody
    const own = answer && target && this.#plan.onRefusal?.(answer, target);
    const told = own?.status ?? (answer !== undefined && status === 503 ? 500 : status);
    if (!silent) {
      if (own !== undefined) this.#incoming.answerNow(told, own.headers);
      else if (answer === undefined || told !== status) this.#incoming.answerNow(told);
      else {
        // a caller that must answer several challenges is given them all (§16.7 step 7)
        const also = status === 401 || status === 407 ? this.#challenges : [];
        this.#incoming.relay(answer, { changes: this.#changes(answer, target), also });
      }
    }
    this.#finish(told);
    if (this.#bridge !== undefined) this.#carrier.bridges.drop(this.#bridge);
  }

  #changes(answer: Message, target: Target | undefined): readonly HeaderChange[] | undefined {
    return target === undefined ? undefined : this.#plan.onAnswer?.(answer, target);
  }

  #finish(status: number): void {
    this.#passedFinal = true;
    clearTimeout(this.#ringing);
    this.#best = undefined;
    this.#incoming.settled();
    for (const { leg } of this.#attempts)
      if (leg !== undefined && leg !== this.#bridge?.callee) this.#carrier.bridges.remove(leg);
    this.#plan.onDone?.(status);
  }

  #cancelAttempts(reasons: readonly string[] = []): void {
    for (const attempt of this.#attempts) attempt.cancel(reasons);
  }

  /** Timer C: so long it may ring after whatever was heard last. */
  #restartRinging(): void {
    if (!this.isInvite) return;
    clearTimeout(this.#ringing);
    this.#ringing = setTimeout(() => this.#rungOut(), this.#carrier.ringMs).unref();
  }

  #rungOut(): void {
    if (this.#passedFinal) return;
    const silent = this.#attempts.every((attempt) => attempt.over || !attempt.heard);
    this.#next = this.#targets.length;
    this.#cancelAttempts();
    if (silent) this.#passBack({ status: 408, answer: undefined, target: undefined });
  }
}

const isOverTls = ({ parameters }: SipUri): boolean =>
  /^(tls|wss)$/i.test(uriParameter(parameters, 'transport') ?? '');

const rank = ({ status, answer }: Candidate): number => rankOf(status, answer !== undefined);

/** When a subscription is over that nobody renews. */
export function subscriptionEnd(answer: Message): number {
  const seconds = Number(answer.value(Header.expires) ?? SUBSCRIPTION_SECONDS);
  return performance.now() + (seconds || SUBSCRIPTION_SECONDS) * 1000 + SUBSCRIPTION_SLACK_MS;
}
