import type { Failure, Forwarding } from '../edge/signaling.ts';
import type { Message } from '../sip/message/message.ts';
import { type Leg, passAck } from './bridges.ts';
import type { Carrier } from './carrier.ts';
import type { Incoming } from './incoming.ts';
import { subscriptionEnd } from './relay.ts';
import { type Answered, Sent, type SentUser } from './sent.ts';
import { shownAddress } from './server-listeners.ts';
import { translateDialogs } from './translate-dialogs.ts';
import { edited, Headers, notOfInside, textOf } from './wire.ts';

/** RFC 3261 §12.2: what may say where to reach whoever sends it from now on. */
const refreshes: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY']);

/** A request inside a dialog on its way to the other side of the bridge. */
export class InsideRelay implements SentUser {
  readonly #carrier: Carrier;
  readonly #incoming: Incoming;
  readonly #plan: Forwarding;
  #sent: Sent | undefined;

  constructor(carrier: Carrier, incoming: Incoming, plan: Forwarding) {
    this.#carrier = carrier;
    this.#incoming = incoming;
    this.#plan = plan;
  }

  start(): void {
    const { request, leg, flow } = this.#incoming;
    const other = leg?.other;
    const { method } = request;
    if (leg === undefined || other === undefined || (method === 'PRACK' && !other.reliable)) {
      this.#refuse(481);
      return;
    }
    leg.bridge.heardAt = performance.now();
    if (refreshes.has(method)) leg.heard(request);
    if (method === 'BYE' || method === 'INVITE') leg.settleAck();
    const hiding = this.#carrier.handlers.hides?.(flow.realm);
    const shown = edited(request, hiding?.request, shownAddress(other.flow.listener));
    const headers = Headers.of(shown, notOfInside);
    translateDialogs(headers, flow, this.#carrier);
    headers.apply(this.#plan.headers, notOfInside);
    headers.nameBody(request.body);
    if (method === 'PRACK') headers.add('RAck', other.reliable ?? '');
    this.#sent = new Sent(
      this.#carrier,
      {
        method,
        stackDialogId: other.dialogId,
        headers: headers.forSrf(),
        ...(request.body !== '' && { body: textOf(request.body) }),
      },
      this,
    );
  }

  cancel(reasons: readonly string[]): void {
    this.#sent?.cancel(reasons);
  }

  answered({ message, ack }: Answered): void {
    const { leg } = this.#incoming;
    if (leg === undefined) return;
    const { status } = message;
    const isInvite = this.#incoming.request.method === 'INVITE';
    if (status < 200) {
      if (status > 100 && isInvite) this.#pass(message);
      return;
    }
    if (isInvite && status < 300) {
      if (this.#incoming.cancelled) ack({});
      else passAck(this.#carrier, leg, ack);
    }
    if (status < 300 && refreshes.has(this.#incoming.request.method)) leg.other?.heard(message);
    this.#pass(message);
    this.#settled(leg, status, message);
  }

  failed(failure: Failure, problem?: Error & { readonly code?: string }): void {
    const status = problem?.code === 'ENODIALOG' ? 481 : failure === 'timeout' ? 408 : 503;
    this.#refuse(status);
    const { leg, request } = this.#incoming;
    if (leg !== undefined && request.method === 'BYE')
      this.#carrier.bridges.drop(leg.bridge, 'bye');
  }

  #pass(answer: Message): void {
    const { leg, flow } = this.#incoming;
    const changes = this.#plan.onAnswer?.(answer, { nextHop: leg?.other?.flow ?? flow });
    this.#incoming.relay(answer, { changes });
  }

  #refuse(status: number): void {
    this.#incoming.answerNow(status);
    this.#incoming.settled();
    this.#plan.onDone?.(status);
  }

  /** A dialog goes on, or ends, with what is said in it. */
  #settled(leg: Leg, status: number, answer: Message): void {
    const { bridges } = this.#carrier;
    const { request } = this.#incoming;
    const { bridge } = leg;
    this.#incoming.settled();
    const lost = status === 481 || status === 408;
    switch (request.method) {
      case 'BYE':
        bridges.drop(bridge, 'bye');
        break;
      case 'INVITE':
      case 'UPDATE':
        // the other side has forgotten it (RFC 3261 §12.2.1.2)
        if (lost) bridges.end(bridge, 'lost', 'SIP;text="the other side knows of no call"');
        break;
      case 'SUBSCRIBE':
        if (!bridge.isCall && status < 300) bridge.expiresAt = subscriptionEnd(answer);
        break;
      case 'NOTIFY':
        if (!bridge.isCall && (lost || endsSubscription(request))) bridges.drop(bridge);
        break;
    }
    this.#plan.onDone?.(status);
  }
}

/** RFC 6665 §4.1.3 */
const endsSubscription = (notify: Message): boolean =>
  /^terminated\b/i.test(notify.header('Subscription-State') ?? '');
