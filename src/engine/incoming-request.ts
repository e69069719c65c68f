import type { Call, Forwarding, HeaderChange, Incoming, Target } from '../edge/signaling.ts';
import type { Message } from '../sip/message/message.ts';
import { bareHost, parseUri } from '../sip/message/uri.ts';
import { respond } from '../sip/proxy/respond.ts';
import type { Routing } from '../sip/proxy/routing.ts';
import { type Found, offeredContact } from './call-table.ts';
import type { Core } from './core.ts';
import { ProxiedRequest } from './proxied-request.ts';
import type { ServerTransaction, ServerTransactionUser } from './server-transaction.ts';
import type { Channel } from './transport/transports.ts';

/** A new request as the edge sees it: what it says, where it came from, and the three things to be done with it. */
export class IncomingRequest implements Incoming, ServerTransactionUser {
  readonly request: Message;
  readonly channel: Channel;
  readonly routing: Routing;
  readonly found: Found | undefined;
  readonly routed: boolean;

  readonly #core: Core;
  readonly #transaction: ServerTransaction;
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
  get toUs(): boolean {
    const uri = parseUri(this.request.requestUri);
    return uri !== undefined && this.#core.names.isOurs(uri);
  }

  drop(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#transaction.drop();
  }

  answer(status: number, headers?: readonly HeaderChange[], reason?: string): void {
    if (this.#finished) return;
    if (status >= 200) this.done(status);
    this.answerNow(status, headers, reason);
  }

  forward(plan: Forwarding): void {
    if (this.#finished || this.#proxied !== undefined) return;
    if (this.#transaction.cancelled) {
      this.answer(487);
      plan.onDone?.(487);
      return;
    }
    const targets = plan.targets === 'as-routed' ? routedTargets(this.#core, this) : plan.targets;
    if (typeof targets === 'number') {
      this.answer(targets);
      plan.onDone?.(targets);
      return;
    }
    this.#proxied = new ProxiedRequest(this.#core, this, plan, targets);
    this.#proxied.start();
  }

  // --- what the transaction reports

  cancelled(): void {
    if (this.#proxied !== undefined) this.#proxied.cancel();
    else this.answer(487);
  }

  callerLost(): void {
    this.#proxied?.cancel();
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

  /** A 2xx is about to go back: calls begin, are refreshed and end with it. */
  succeeded(response: Message, callee: Channel, contact: string | undefined): void {
    const { calls, names } = this.#core;
    if (this.found !== undefined) {
      if (this.request.method === 'INVITE' || this.request.method === 'UPDATE')
        calls.refreshed(this.found, contact ?? offeredContact(this.request), response);
    } else if (this.request.method === 'INVITE' && this.request.toTag === '')
      calls.answered(this.request, response, this.channel, callee, (route) => {
        const uri = parseUri(/<([^>]*)>/.exec(route)?.[1] ?? route);
        return uri !== undefined && names.isOurs(uri);
      });
  }

  done(status: number): void {
    this.#finished = true;
    if (
      this.request.method === 'BYE' &&
      this.found !== undefined &&
      status !== 401 &&
      status !== 407
    )
      this.#core.calls.remove(this.found.call, 'bye');
  }
}

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
  const uri = routing.next ?? routing.restored ?? request.requestUri;
  if (found !== undefined) {
    const to = found.from === 'caller' ? 'callee' : 'caller';
    const channel = found.call.channels[to];
    if (channel.realm === 'access') return channel.open ? [{ nextHop: channel }] : 430;
    const known = routing.next === undefined && uri === found.call.dialog[to].target;
    if (channel.open && (known || pointsAt(uri, channel))) return [{ nextHop: channel }];
    return [{ nextHop: uri, realm: channel.realm }];
  }
  if (routing.user === undefined) return 481;
  const flow = core.flowFrom(routing.user);
  if (flow === 'forged') return 403;
  if (source.realm === 'core') return flow === 'stale' ? 430 : [{ nextHop: flow }];
  const parsed = parseUri(uri);
  if (parsed === undefined) return 416;
  const port = parsed.port ?? (parsed.scheme === 'sips' ? 5061 : 5060);
  return core.mayReach(bareHost(parsed.host), port) ? [{ nextHop: uri }] : 403;
}

function pointsAt(uri: string, channel: Channel): boolean {
  const parsed = parseUri(uri);
  return (
    parsed !== undefined &&
    bareHost(parsed.host) === channel.address &&
    (parsed.port ?? 5060) === channel.port
  );
}
