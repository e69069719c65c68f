import type {
  Call,
  Forwarding,
  HeaderChange,
  RingingCall,
  Incoming as SignalingIncoming,
} from '../edge/signaling.ts';
import { dialogIdOf } from '../sip/dialog/dialog-id.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { oneLine } from '../sip/message/rewrite.ts';
import { parseUri } from '../sip/message/uri.ts';
import { reasonPhrase } from '../sip/proxy/reason-phrases.ts';
import { readRouting } from '../sip/proxy/routing.ts';
import type { Leg } from './bridges.ts';
import type { Carrier } from './carrier.ts';
import type { ServerFlow } from './flows.ts';
import { InsideRelay } from './inside-relay.ts';
import { Relay } from './relay.ts';
import { LONGEST_FRAME } from './server-link.ts';
import { shownAddress } from './server-listeners.ts';
import { forgetInvite, type SrfResponse } from './srf.ts';
import { edited, Headers, notOfAnswer, notOfDialogAnswer, textOf } from './wire.ts';

/** A frame has more than the message it carries: ids, the next hop. */
const LONGEST_MESSAGE = LONGEST_FRAME - 600;

/** How an answer is passed on. */
export interface Passing {
  readonly changes?: readonly HeaderChange[] | undefined;
  /** Lines besides those with the same name. */
  readonly also?: readonly HeaderChange[];
  /** The server will not send it, as after a CANCEL that was quicker. */
  readonly refused?: () => void;
}

/** What carries a request further and may be stopped. */
interface Under {
  cancel(reasons: readonly string[]): void;
}

/** A request from the server as the edge sees it. */
export class Incoming implements SignalingIncoming {
  readonly request: Message;
  readonly flow: ServerFlow;
  /** The dialog it came in, from the side of whoever sent it. */
  readonly leg: Leg | undefined;
  readonly startedAt = Date.now();
  cancelled = false;
  readonly #carrier: Carrier;
  readonly #response: SrfResponse;
  #under: Under | undefined;
  #finished = false;

  constructor(
    carrier: Carrier,
    request: Message,
    response: SrfResponse,
    flow: ServerFlow,
    leg: Leg | undefined,
  ) {
    this.#carrier = carrier;
    this.request = request;
    this.#response = response;
    this.flow = flow;
    this.leg = leg;
    carrier.incoming.add(this);
  }

  get call(): Call | undefined {
    return this.leg?.bridge.call;
  }
  get routed(): boolean {
    return this.leg !== undefined;
  }
  /** The server reads the Routes of its own dialogs by itself. */
  get asked(): string {
    return this.request.requestUri;
  }
  get routeUser(): string | undefined {
    const { servers } = this.#carrier;
    return readRouting(this.request, (uri) => servers.isOurs(uri)).user;
  }
  get toUs(): boolean {
    const uri = parseUri(this.request.requestUri);
    return uri !== undefined && this.#carrier.servers.isOurs(uri);
  }

  /** It rings somewhere, or is about to. */
  get ringing(): RingingCall | undefined {
    const { request, flow, startedAt } = this;
    if (this.#finished || request.method !== 'INVITE' || request.toTag !== '') return undefined;
    const { callId } = request;
    return {
      id: dialogIdOf(callId, request.fromTag),
      callId,
      from: request.value(Header.from) ?? '',
      to: request.value(Header.to) ?? '',
      startedAt,
      caller: flow,
    };
  }

  drop(): void {
    this.#finish();
    // drachtio-srf waits for our answer for ever
    if (this.request.method === 'INVITE') forgetInvite(this.#response, this.request.callId);
  }

  answer(status: number, changes?: readonly HeaderChange[], reason?: string): void {
    if (this.#finished) return;
    if (status >= 300 && this.#carrier.handlers.hidesFrom?.(this.flow, this.request) === true) {
      this.drop();
      return;
    }
    if (status >= 200) this.#finish();
    this.answerNow(status, changes, reason);
  }

  /** The server keeps its transactions. */
  turnAway(status: number, changes?: readonly HeaderChange[], reason?: string): void {
    this.answer(status, changes, reason);
  }

  forward(plan: Forwarding): void {
    if (this.#under !== undefined) return;
    if (this.#finished || this.cancelled) {
      this.#finished = true; // whoever takes something for it gives that back now
      plan.onDone?.(487);
      return;
    }
    const refusal = this.#refusal(plan);
    if (refusal !== undefined) {
      this.answer(refusal);
      plan.onDone?.(refusal);
      return;
    }
    if (plan.targets === 'as-routed') {
      const relay = new InsideRelay(this.#carrier, this, plan);
      this.#under = relay;
      relay.start();
    } else {
      const relay = new Relay(this.#carrier, this, plan, plan.targets);
      this.#under = relay;
      relay.start();
    }
  }

  #refusal({ targets }: Forwarding): number | undefined {
    if (targets === 'as-routed' && this.leg === undefined) return 481;
    // dialogs are told apart by Call-ID and tag alone, whichever way they go
    if (this.#opensDialog && this.#isOpenAlready) return 482;
    if (this.hopsLeft < 0) return 483;
    return this.request.wire.length > LONGEST_MESSAGE ? 513 : undefined;
  }

  get #opensDialog(): boolean {
    const { method, toTag } = this.request;
    return (method === 'INVITE' || method === 'SUBSCRIBE') && toTag === '';
  }
  get #isOpenAlready(): boolean {
    const { callId, fromTag } = this.request;
    return this.#carrier.bridges.withDialog(dialogIdOf(callId, fromTag)) !== undefined;
  }

  /** What its Max-Forwards is once it goes on. */
  get hopsLeft(): number {
    const value = this.request.header('Max-Forwards');
    return value !== undefined && /^\d{1,3}$/.test(value) ? Number(value) - 1 : 70;
  }

  /** The caller no longer wants it; the server has told it so. */
  cancel(why: readonly string[]): void {
    if (this.cancelled) return;
    this.cancelled = true;
    if (this.#under === undefined) this.#carrier.incoming.delete(this);
    else this.#under.cancel(why);
  }

  /** We end it, unanswered. */
  stop(why: readonly string[]): void {
    if (this.#under === undefined) this.answer(487);
    else this.#under.cancel(why);
  }

  /** There is nobody to answer any more. */
  forget(): void {
    this.#finished = true;
  }

  // --- what the forwarding reports

  answerNow(status: number, changes?: readonly HeaderChange[], reason?: string): void {
    const headers = new Headers();
    for (const { name, value } of changes ?? [])
      if (value !== undefined && !notOfAnswer.has(name.toLowerCase())) headers.add(name, value);
    this.#send(status, reason ?? reasonPhrase(status), headers, '', '');
  }

  relay(answer: Message, { changes, also = [], refused }: Passing = {}): void {
    const { method } = this.request;
    const ofDialog =
      answer.status < 300 &&
      (this.leg !== undefined || method === 'INVITE' || method === 'SUBSCRIBE');
    const skip = ofDialog ? notOfDialogAnswer : notOfAnswer;
    const hiding = this.#carrier.handlers.hides?.(this.flow.realm);
    const shown = edited(answer, hiding?.answer, shownAddress(this.flow.listener));
    const headers = Headers.of(shown, skip).apply(changes, skip);
    for (const { name, value } of also)
      if (value !== undefined && !headers.has(name, value)) headers.add(name, value);
    this.#send(answer.status, answer.reason, headers, answer.body, answer.toTag, refused);
  }

  /** The final answer has gone back. */
  settled(): void {
    this.#finish();
  }

  #send(
    status: number,
    reason: string,
    headers: Headers,
    body: string,
    toTag: string,
    refused?: () => void,
  ): void {
    if (this.cancelled) {
      refused?.(); // the server has answered it
      return;
    }
    const { msg, agent } = this.#response;
    const forSrf = headers.forSrf();
    let size = body.length;
    for (const [name, value] of Object.entries(forSrf)) size += name.length + value.length + 4;
    if (size > LONGEST_MESSAGE) {
      this.#send(513, 'Answer Too Large', new Headers(), '', toTag);
      refused?.();
      return;
    }
    const { to = '' } = msg.headers;
    if (
      toTag !== '' &&
      this.request.toTag === '' &&
      !/;\s*tag\s*=/i.test(to.replace(/<[^>]*>/, ''))
    )
      msg.headers.to = `${to};tag=${toTag}`;
    this.#response.status = status;
    msg.status = status;
    msg.reason = textOf(oneLine(reason));
    this.#carrier.observer?.answered(status, this.flow);
    agent.sendResponse(
      this.#response,
      { headers: forSrf, ...(body !== '' && { body: textOf(body) }) },
      refused && ((problem) => problem && refused()),
    );
  }

  #finish(): void {
    this.#finished = true;
    this.#carrier.incoming.delete(this);
  }
}
