import type {
  Call,
  CallEnd,
  Flow,
  Forwarding,
  HeaderChange,
  Incoming,
  Realm,
  Target,
} from '../edge/signaling.ts';
import { breaksSips } from '../edge/sips.ts';
import { otherSide } from '../sip/dialog/dialog.ts';
import type { Message } from '../sip/message/message.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import { bareHost, isSips, parseUri, type SipUri, uriParameter } from '../sip/message/uri.ts';
import { reasonHeader } from '../sip/proxy/reason-header.ts';
import { respond } from '../sip/proxy/respond.ts';
import type { Routing } from '../sip/proxy/routing.ts';
import type { Found } from './call-table.ts';
import type { ClientTransaction } from './client-transaction.ts';
import type { Core } from './core.ts';
import { hangUp, isOver } from './end-call.ts';
import { pointsAt } from './points-at.ts';
import { ProxiedRequest } from './proxied-request.ts';
import { forkedTooOften, release } from './release.ts';
import type { ServerTransaction, ServerTransactionUser } from './server-transaction.ts';
import { asSip } from './sips.ts';
import type { Channel } from './transport/transports.ts';

/** RFC 5626 §11.5: the connection to the one who is asked for is gone. */
const FLOW_FAILED = 430;

/** A new request as the edge sees it: what it says, where it came from, and the three things to be done with it. */
export class IncomingRequest implements Incoming, ServerTransactionUser {
  readonly request: Message;
  readonly channel: Channel;
  readonly routing: Routing;
  readonly found: Found | undefined;
  readonly routed: boolean;
  readonly heardAt: number;

  readonly #core: Core;
  readonly #transaction: ServerTransaction;
  /** A provisional answer asked for PRACK (RFC 3262): requests have passed that no call took note of. */
  acknowledgedEarly = false;
  #proxied: ProxiedRequest | undefined;
  #finished = false;

  constructor(
    core: Core,
    transaction: ServerTransaction,
    request: Message,
    channel: Channel,
    routing: Routing,
    found: Found | undefined,
  ) {
    this.#core = core;
    this.#transaction = transaction;
    this.request = request;
    this.channel = channel;
    this.routing = routing;
    this.found = found;
    this.heardAt = core.heardAt(channel);
    this.routed = found !== undefined || (routing.user !== undefined && request.toTag !== '');
  }

  get flow(): Channel {
    return this.channel;
  }
  get call(): Call | undefined {
    return this.found?.call;
  }
  get routeUser(): string | undefined {
    return this.routing.user;
  }
  get asked(): string {
    const { requestUri } = this.request;
    if (!this.routed) return requestUri;
    const { strict, next, restored } = this.routing;
    return strict && next !== undefined ? next : (restored ?? requestUri);
  }
  get toUs(): boolean {
    const uri = parseUri(this.request.requestUri);
    return uri !== undefined && this.#core.names.isOurs(uri);
  }

  drop(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.channel.disregarded();
    this.#transaction.drop();
  }

  answer(status: number, headers?: readonly HeaderChange[], reason?: string): void {
    if (this.#finished) return;
    if (status >= 300 && this.#core.hidesFrom(this.channel, this.request)) {
      this.drop();
      return;
    }
    if (status >= 200) this.#finished = true;
    this.answerNow(status, headers, reason);
  }

  turnAway(status: number, headers?: readonly HeaderChange[], reason?: string): void {
    const { request, channel } = this;
    if (this.#finished || !this.#isForgettable || this.#core.hidesFrom(channel, request)) {
      this.answer(status, headers, reason);
      return;
    }
    this.#finished = true;
    this.#transaction.drop();
    this.#core.without.refuse(request, channel, status, reason, headers);
  }

  /**
   * RFC 3261 §8.2.7. Of what is no INVITE only bytes are kept as it is (`KeptAnswers`). Who was told 100 asks no more: what
   * he is told next has to reach him. And the ACK of a re-INVITE, of which nothing were kept, would go on to the PBX: one
   * in a call that is here, for a To tag is written by anybody.
   */
  get #isForgettable(): boolean {
    return this.#transaction.isInvite && this.#transaction.untold && this.call === undefined;
  }

  forward(plan: Forwarding): void {
    if (this.#proxied !== undefined) return;
    if (this.#finished || this.#transaction.cancelled) {
      // given up while others were asked: what was taken for it is given back
      this.answer(487);
      plan.onDone?.(487);
      return;
    }
    const targets = plan.targets === 'as-routed' ? routedTargets(this.#core, this) : plan.targets;
    if (typeof targets === 'number') {
      this.answer(targets);
      if (targets === FLOW_FAILED) this.settled(targets, false); // a BYE ends the call even so
      plan.onDone?.(targets);
      return;
    }
    if (this.found !== undefined) this.#core.calls.heard(this.found, this.request, this.channel);
    this.#proxied = new ProxiedRequest(this.#core, this, plan, targets);
    this.#proxied.start();
  }

  /** A 481 to anything else ends that usage of the dialog, a subscription say, and not the call (RFC 5057). */
  get #isOfTheCall(): boolean {
    return this.request.method === 'INVITE' || this.request.method === 'UPDATE';
  }

  // --- what the transaction reports

  cancelled(reasons: readonly string[]): void {
    if (this.#proxied !== undefined) this.#proxied.cancel(reasons);
    else this.answer(487);
  }

  callerLost(): void {
    this.#proxied?.cancel([]);
  }

  // --- what the forwarding reports

  answerNow(status: number, headers?: readonly HeaderChange[], reason?: string): void {
    const { address, port } = this.channel;
    const { toTag } = this.#transaction;
    this.#transaction.answer(
      status,
      respond(this.request, {
        status,
        toTag,
        address,
        port,
        ...(headers !== undefined && { headers }),
        ...(reason !== undefined && { reason }),
      }),
    );
  }

  relay(status: number, wire: string): void {
    this.#transaction.answer(status, wire);
  }

  /** A 2xx is about to go back: calls begin, are refreshed and end with it. False: it is not to go back. */
  succeeded(
    response: Message,
    client: ClientTransaction,
    alone: boolean,
    contact: string | undefined,
  ): boolean {
    const { calls } = this.#core;
    const transactions = alone
      ? { server: this.#transaction, client, keptVias: this.#proxied?.keptVias ?? '' }
      : undefined;
    if (this.found !== undefined) {
      if (this.request.method === 'INVITE' || this.request.method === 'UPDATE')
        calls.refreshed(this.found, contact, response, transactions);
    } else if (this.request.method === 'INVITE' && this.request.toTag === '')
      return calls.answered(
        this.request,
        response,
        this.channel,
        client.channel,
        this.#core.isOurRoute,
        client.key,
        transactions,
        this.acknowledgedEarly,
      );
    return true;
  }

  /** A 2xx does not go back: whoever sent it is not left in a call that nobody would end. */
  release(response: Message, { channel: callee }: ClientTransaction): void {
    const channels = { caller: this.channel, callee };
    release(this.#core, this.request, response, channels, forkedTooOften);
  }

  /** The final answer goes back. BYE ends the call; so does a party that says it knows of none (RFC 3261 §12.2.1.2). */
  settled(status: number, answered: boolean): void {
    this.#finished = true;
    if (this.found === undefined) return;
    const lost = isOver(status);
    if (this.request.method === 'BYE') {
      if (answered && status < 300) this.#core.calls.remove(this.found.call, 'bye');
      else if (!answered || lost) this.#over(this.found, 'bye');
    } else if (answered && lost && this.#isOfTheCall) this.#over(this.found, 'lost');
  }

  /**
   * As far as the one who asked knows. The PBX may never have taken in what a phone asked, and a phone could see to that:
   * the call is ended where it may go on.
   */
  #over({ call, from }: Found, why: CallEnd): void {
    if (this.channel.realm !== 'core') hangUp(this.#core, call, otherSide(from), overElsewhere);
    this.#core.calls.remove(call, why);
  }
}

const overElsewhere = reasonHeader({ text: 'Over at the other end' });

/** What decides where a request inside a call goes. */
export interface RoutedRequest {
  readonly request: Message;
  readonly channel: Channel;
  readonly routing: Routing;
  readonly found: Found | undefined;
}

/**
 * Where a request inside a call goes: over the other party's flow, or where its Route set says when it names
 * a party we know (RFC 3261 §16.5, RFC 5626 §5.3). A number is the status of the refusal.
 */
export function routedTargets(
  core: Core,
  { request, channel: source, routing, found }: RoutedRequest,
): readonly Target[] | number {
  const asked = routing.restored ?? request.requestUri;
  const requestUri = source.realm === 'core' ? undefined : core.behind(asked);
  const uri = routing.next ?? requestUri ?? asked;
  if (found !== undefined) {
    const to = found.from === 'caller' ? 'callee' : 'caller';
    const channel = found.call.channels[to];
    if (channel.realm === 'access') {
      const asGiven = uriAsGiven(request.requestUri, found.call.dialog[to].target);
      return channel.open
        ? [{ nextHop: channel, requestUri: asGiven }]
        : overFlowInsteadOf(core, channel.token, request.requestUri, asGiven);
    }
    if (channel.open && pointsAt(uri, channel)) return [{ nextHop: channel, requestUri }];
    const { target, routes } = found.call.dialog[to];
    const learnt = [target, ...routes.map(uriOf)];
    const known = learnt.find((one) => sameHost(one, uri));
    if (known !== undefined) return [{ nextHop: known, realm: channel.realm, requestUri }];
    // a phone could lead its BYE to a closed port, and we would take the call for over
    const mayLead = source.realm !== 'access' && reachable(core, uri, source.realm);
    if (mayLead) return [{ nextHop: uri, realm: channel.realm, requestUri }];
    // our own URI without what it says: a phone that drops parameters means the one it is in a call with
    return isOurs(core, uri)
      ? [{ nextHop: target, realm: channel.realm, requestUri: target }]
      : 403;
  }
  if (routing.user === undefined) return 481;
  const flow = core.flowFrom(routing.user);
  if (source.realm === 'core')
    return typeof flow === 'string' || isLeft(core, flow)
      ? overFlowInsteadOf(core, routing.user, request.requestUri)
      : [{ nextHop: flow }];
  if (flow === 'forged') return 403;
  if (parseUri(uri) === undefined) return 416;
  return reachable(core, uri, source.realm) ? [{ nextHop: uri, requestUri }] : 403;
}

function isOurs({ names }: Core, uri: string): boolean {
  const parsed = parseUri(uri);
  return parsed !== undefined && names.isOurs(parsed);
}

/**
 * Flows over UDP do not end. Behind a NAT box that came up anew a phone registers by another, and its subscriptions, which
 * it goes on refreshing, still name the one by which it is reached no more.
 */
const isLeft = (core: Core, { realm, transport, token }: Flow): boolean =>
  realm === 'access' && transport === 'udp' && core.flowInsteadOf(token) !== undefined;

/** Whoever's connection is gone may have come back on another; what is for TLS is not for one in the clear. */
function overFlowInsteadOf(
  core: Core,
  token: string,
  asked: string,
  requestUri?: string,
): readonly Target[] | number {
  const flow = core.flowInsteadOf(token);
  return flow === undefined || breaksSips(requestUri ?? asked, flow)
    ? FLOW_FAILED
    : [{ nextHop: flow, requestUri }];
}

/** A phone's `sips:` Contact, where the PBX was told it as `sip:`. */
const uriAsGiven = (requestUri: string, contact: string): string | undefined =>
  isSips(contact) && asSip(contact) === requestUri ? contact : undefined;

function reachable(core: Core, uri: string, from: Realm): boolean {
  const parsed = parseUri(uri);
  if (parsed === undefined) return false;
  const port = parsed.port ?? (parsed.scheme === 'sips' ? 5061 : 5060);
  return core.mayReach(bareHost(reached(parsed)), port, from);
}

/** The host a request to this URI is sent to: `maddr` outranks what it names (RFC 3261 §19.1.1). */
const reached = ({ host, parameters }: SipUri): string =>
  uriParameter(parameters, 'maddr')?.toLowerCase() ?? host;

const uriOf = (route: string): string => parseNameAddress(route)?.uri ?? '';

/** Do both lead to one host and port? */
function sameHost(learnt: string, uri: string): boolean {
  const known = parseUri(learnt);
  const asked = parseUri(uri);
  return (
    known !== undefined &&
    asked !== undefined &&
    reached(known) === reached(asked) &&
    known.port === asked.port
  );
}
