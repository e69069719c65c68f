import type { Call, CallEnd, EndReason, Flow } from '../edge/signaling.ts';
import { contactUri } from '../sip/dialog/dialog.ts';
import { answeredIdOf, dialogIdOf } from '../sip/dialog/dialog-id.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { reasonHeader } from '../sip/proxy/reason-header.ts';
import type { Carrier } from './carrier.ts';
import type { ServerFlow } from './flows.ts';
import { shownAddress } from './server-listeners.ts';
import type { SrfAck, SrfHeaders } from './srf.ts';
import { edited, Headers, notOfInside, textOf } from './wire.ts';

/** One side of a bridge: a dialog that the server holds for us. */
export class Leg {
  readonly bridge: Bridge;
  readonly side: 'caller' | 'callee';
  readonly dialogId: string;
  readonly callId: string;
  /** Of whoever began the dialog: the caller, or we. */
  readonly fromTag: string;
  toTag: string;
  readonly flow: ServerFlow;
  /** Carries on the ACK that is to come from here. */
  acknowledge: ((ack: Message | undefined) => void) | undefined;
  /** Where whoever is on this side wants to be reached; kept up by what it says. */
  contact: string | undefined;
  /** RSeq and CSeq of the last provisional answer from here that wants a PRACK. */
  reliable: string | undefined;

  constructor(
    bridge: Bridge,
    side: 'caller' | 'callee',
    callId: string,
    fromTag: string,
    toTag: string,
    flow: ServerFlow,
  ) {
    this.bridge = bridge;
    this.side = side;
    this.dialogId = dialogIdOf(callId, fromTag);
    this.callId = callId;
    this.fromTag = fromTag;
    this.toTag = toTag;
    this.flow = flow;
  }

  get other(): Leg | undefined {
    return this.side === 'caller' ? this.bridge.callee : this.bridge.caller;
  }

  /** Takes note of a Contact in what came from here. */
  heard(message: Message): void {
    this.contact = contactUri(message) ?? this.contact;
  }

  /** An ACK that is still owed goes out as it is, before anything else does. */
  settleAck(ack?: Message): void {
    const { acknowledge } = this;
    this.acknowledge = undefined;
    acknowledge?.(ack);
  }
}

/** The ACK that is to come from this leg will be sent on, with what it brings. */
export function passAck({ handlers }: Carrier, leg: Leg, ack: SrfAck): void {
  leg.acknowledge = (theirs) => {
    if (theirs === undefined) {
      ack({});
      return;
    }
    const hiding = handlers.hides?.(leg.flow.realm);
    const own = leg.other === undefined ? '' : shownAddress(leg.other.flow.listener);
    const shown = edited(theirs, hiding?.request, own);
    ack({
      headers: Headers.of(shown, notOfInside).forSrf(),
      ...(shown.body !== '' && { body: textOf(shown.body) }),
    });
  };
}

/** A call or a subscription: the dialog with whoever began it, and the one with whoever it goes to. */
export class Bridge {
  readonly caller: Leg;
  /** The one that answered; before, the one that was heard of last. */
  callee: Leg | undefined;
  call: LiveCall | undefined;
  readonly isCall: boolean;
  heardAt = performance.now();
  /** When a subscription is over at the latest. */
  expiresAt = Number.POSITIVE_INFINITY;
  over = false;
  readonly invite: Message;

  constructor(opening: Message, flow: ServerFlow) {
    this.invite = opening;
    this.isCall = opening.method === 'INVITE';
    this.caller = new Leg(this, 'caller', opening.callId, opening.fromTag, '', flow);
    this.caller.heard(opening);
  }
}

class LiveCall implements Call {
  readonly id: string;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly startedAt = Date.now();
  readonly caller: Flow;
  readonly callee: Flow;

  constructor(invite: Message, answer: Message, caller: Flow, callee: Flow) {
    const { callId, fromTag } = invite;
    this.callId = callId;
    this.id = answeredIdOf(callId, fromTag, answer.toTag);
    this.from = invite.value(Header.from) ?? '';
    this.to = answer.value(Header.to) ?? '';
    this.caller = caller;
    this.callee = callee;
  }
}

const SWEEP_EVERY_MS = 10_000;

/** All bridges, by the dialogs they are made of. */
export class Bridges {
  readonly #carrier: Carrier;
  readonly #forgetAfterMs: () => number;
  readonly #legs = new Map<string, Leg>();
  /** More than one where somebody begins several dialogs by one Call-ID. */
  readonly #byCallId = new Map<string, readonly Leg[]>();
  readonly #calls = new Map<Bridge, LiveCall>();
  readonly #sweeping: NodeJS.Timeout;

  constructor(carrier: Carrier, forgetAfterMs: () => number) {
    this.#carrier = carrier;
    this.#forgetAfterMs = forgetAfterMs;
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_EVERY_MS);
  }

  get size(): number {
    return this.#calls.size;
  }
  calls(): Iterable<Call> {
    return this.#calls.values();
  }

  withDialog(id: string): Leg | undefined {
    return this.#legs.get(id);
  }
  /** The newest one. */
  withCallId(callId: string): Leg | undefined {
    return this.#legsNamed(callId).at(-1);
  }
  /** By the Call-ID of whoever called. */
  callsNamed(callId: string): readonly Call[] {
    return this.#legsNamed(callId).flatMap(({ side, bridge }) =>
      side === 'caller' && bridge.call !== undefined ? [bridge.call] : [],
    );
  }
  #legsNamed(callId: string): readonly Leg[] {
    return this.#byCallId.get(callId) ?? [];
  }

  /** A request that opens a dialog is on its way. */
  open(opening: Message, flow: ServerFlow): Bridge {
    const bridge = new Bridge(opening, flow);
    this.add(bridge.caller);
    return bridge;
  }

  add(leg: Leg): void {
    this.#legs.set(leg.dialogId, leg);
    this.#byCallId.set(leg.callId, [...this.#legsNamed(leg.callId), leg]);
  }

  remove(leg: Leg): void {
    if (this.#legs.get(leg.dialogId) === leg) this.#legs.delete(leg.dialogId);
    const others = this.#legsNamed(leg.callId).filter((other) => other !== leg);
    if (others.length > 0) this.#byCallId.set(leg.callId, others);
    else this.#byCallId.delete(leg.callId);
  }

  /** A 2xx is about to go back. */
  answered(bridge: Bridge, callee: Leg, answer: Message): void {
    bridge.callee = callee;
    if (!bridge.isCall || bridge.call !== undefined) return;
    const call = new LiveCall(bridge.invite, answer, bridge.caller.flow, callee.flow);
    bridge.call = call;
    this.#calls.set(bridge, call);
    this.#carrier.handlers.callStarted?.(call);
  }

  /** It is no longer known here; says so once. */
  drop(bridge: Bridge, why?: CallEnd): void {
    if (bridge.over) return;
    bridge.over = true;
    this.remove(bridge.caller);
    if (bridge.callee !== undefined) this.remove(bridge.callee);
    const { call } = bridge;
    if (call === undefined) return;
    this.#calls.delete(bridge);
    this.#carrier.handlers.callEnded?.(call, why ?? 'lost');
  }

  /** BYE to both sides, or to the one that is left. */
  end(bridge: Bridge, why: CallEnd, reason: string, gone?: Leg): void {
    for (const leg of [bridge.caller, bridge.callee])
      if (leg !== undefined && leg !== gone) this.hangUp(leg, { Reason: textOf(reason) });
    this.drop(bridge, why);
  }

  /** What is not acknowledged cannot be hung up. */
  hangUp(leg: Leg, headers: SrfHeaders): void {
    leg.other?.settleAck();
    const { dialogId: stackDialogId } = leg;
    this.#carrier.link.request({ method: 'BYE', stackDialogId, headers }, () => {});
  }

  endWith(callId: string, reason: EndReason): boolean {
    const live = this.#legsNamed(callId).filter(({ bridge }) => bridge.call !== undefined);
    for (const { bridge } of live) this.end(bridge, 'ended', reasonHeader(reason));
    return live.length > 0;
  }

  /** The server ended a dialog by itself: no ACK, no refresh, a CANCEL that crossed the answer. */
  ended(leg: Leg, bye: Message): void {
    const reason = bye.header('Reason') ?? 'SIP;text="ended by the server"';
    const why: CallEnd = /session timer/i.test(reason) ? 'expired' : 'lost';
    this.end(leg.bridge, why, reason, leg);
  }

  /** The server is gone, and with it all it knew. */
  lost(): void {
    for (const { bridge } of [...this.#legs.values()]) this.drop(bridge, 'lost');
  }

  close(): void {
    clearInterval(this.#sweeping);
    this.#legs.clear();
    this.#byCallId.clear();
    this.#calls.clear();
  }

  #sweep(): void {
    const now = performance.now();
    const silentSince = now - this.#forgetAfterMs();
    for (const { bridge } of this.#legs.values())
      if (bridge.expiresAt < now || (bridge.call !== undefined && bridge.heardAt < silentSince))
        this.drop(bridge, 'lost');
  }
}
