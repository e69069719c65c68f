import type { Message } from '../sip/message/message.ts';
import { respond } from '../sip/proxy/respond.ts';
import {
  GIVE_UP,
  nextRetransmit,
  T1,
  T2,
  timerI,
  timerL,
  timerLate,
  timerTrying,
} from '../sip/timers.ts';
import {
  type InviteServerEffect,
  type InviteServerEvent,
  type InviteServerState,
  startInviteServer,
  stepInviteServer,
} from '../sip/transaction/invite-server.ts';
import {
  type NonInviteServerEffect,
  type NonInviteServerEvent,
  type NonInviteServerState,
  startNonInviteServer,
  stepNonInviteServer,
} from '../sip/transaction/non-invite-server.ts';
import { randomToken } from './random-token.ts';
import type { Timer, TimerWheel } from './timer-wheel.ts';
import type { Channel } from './transport/transports.ts';

/** What a transaction needs from the engine that holds it. */
export interface ServerTransactionHost {
  readonly wheel: TimerWheel;
  now(): number;
  /** The final answer is out over UDP: it is kept for whoever asks again, the transaction is not. */
  keep(key: string, channel: Channel, answer: string | undefined): void;
  /** An answer could not be sent to this channel, which is gone: another way is looked for. */
  undelivered(channel: Channel, answer: string, failed: () => void): void;
  /** Is there somebody, as far as we know, who gets what goes to this channel? */
  hears(channel: Channel): boolean;
  /** The final answer has been given; an INVITE no longer rings. */
  answered(transaction: ServerTransaction, status: number): void;
  ended(transaction: ServerTransaction): void;
}

/** What the caller did after its request: the proxying of an INVITE wants to know. */
export interface ServerTransactionUser {
  /** With the values of the CANCEL's Reason headers; the CANCEL itself, unless we are the ones who end it. */
  cancelled(reasons: readonly string[], cancel?: Message): void;
  /** The way back to the caller is gone. */
  callerLost(): void;
}

/** Bytes; what a request's own Via and From put into an answer must not be a way to fill our memory. */
const LARGEST_KEPT = 8192;

type State = InviteServerState | NonInviteServerState;
type TimerEvent = 'timer-trying' | 'timer-late' | 'timer-g' | 'timer-h' | 'timer-i' | 'timer-l';

/**
 * A request that came in, and its answers: carries out what the machines of `sip/transaction/` decide. One
 * timer serves it: those that run side by side (G with H) share it, the longer as a deadline.
 */
export class ServerTransaction {
  readonly key: string;
  readonly isInvite: boolean;
  /** When an INVITE came; the others are gone before anybody asks. */
  readonly startedAt: number;
  readonly channel: Channel;
  /** Where answers go: the channel, unless an old client asks for another port (RFC 3261 §18.2.2). */
  readonly replyTo: Channel;
  /** Let go once the final answer is out. */
  request: Message | undefined;
  user: ServerTransactionUser | undefined;
  cancelled = false;

  readonly #host: ServerTransactionHost;
  #state: State = 'trying';
  #timer: Timer | undefined;
  #waitsFor: TimerEvent = 'timer-late';
  #pause = 0;
  #deadline = 0;
  #last: string | undefined;
  #next: string | undefined;
  #toTag = '';

  constructor(
    host: ServerTransactionHost,
    key: string,
    request: Message,
    channel: Channel,
    replyTo: Channel,
  ) {
    this.#host = host;
    this.key = key;
    this.isInvite = request.method === 'INVITE';
    this.startedAt = this.isInvite ? Date.now() : 0;
    this.request = request;
    this.channel = channel;
    this.replyTo = replyTo;
    const first = this.isInvite
      ? startInviteServer(channel.reliable)
      : startNonInviteServer(channel.reliable);
    this.#state = first.to;
    for (const effect of first.effects) this.#perform(effect);
  }

  /** The tag in every answer of ours. */
  get toTag(): string {
    if (this.#toTag === '') this.#toTag = randomToken();
    return this.#toTag;
  }

  /** The one who answers chose it. */
  useTag(tag: string): void {
    this.#toTag = tag;
  }

  /** A 2xx went back: what acknowledges it is none of the transaction's business. */
  get accepted(): boolean {
    return this.#state === 'accepted';
  }

  /** Nothing was said of it yet, not even 100. */
  get untold(): boolean {
    return this.#state === 'trying';
  }

  get answered(): boolean {
    return this.request === undefined;
  }

  /** The same request once more. */
  repeated(): void {
    this.#step('request-again');
  }

  acknowledged(): void {
    this.#step('ack');
  }

  /** Sends an answer, ours or relayed. */
  answer(status: number, message: string): void {
    this.#next = message;
    if (this.isInvite)
      this.#step(
        status < 200 ? 'respond-provisional' : status < 300 ? 'respond-success' : 'respond-failure',
      );
    else
      this.#step(
        status < 200 ? 'respond-provisional' : status === 408 ? 'respond-timeout' : 'respond-final',
      );
    this.#next = undefined;
    this.#host.answered(this, status);
    if (status >= 200 && this.request !== undefined) {
      this.request = undefined;
      this.user = undefined;
    }
  }

  /** No answer will ever come. */
  drop(): void {
    this.#step('drop');
    this.request = undefined;
  }

  /** The ACK to its 2xx has passed: the INVITE may still be repeated, which is to be absorbed, and no more. */
  settle(): void {
    if (this.#state !== 'accepted') return;
    if (!this.channel.reliable) this.#host.keep(this.key, this.replyTo, undefined);
    this.#step('timer-l');
  }

  /** Forgets it at once, at shutdown. */
  forget(): void {
    if (this.#timer !== undefined) this.#host.wheel.stop(this.#timer);
    this.#state = 'terminated';
  }

  #step(event: InviteServerEvent | NonInviteServerEvent): void {
    const { reliable } = this.channel;
    const transition = this.isInvite
      ? stepInviteServer(this.#state as InviteServerState, event as InviteServerEvent, reliable)
      : stepNonInviteServer(
          this.#state as NonInviteServerState,
          event as NonInviteServerEvent,
          reliable,
        );
    if (transition === undefined) return; // an ACK to something that is no INVITE
    this.#state = transition.to;
    const { effects } = transition;
    for (let at = 0; at < effects.length; at++) {
      const effect = effects[at];
      if (effect !== undefined) this.#perform(effect);
    }
  }

  #perform(effect: InviteServerEffect | NonInviteServerEffect): void {
    switch (effect) {
      case 'send-response':
        this.#last = this.#next;
        if (this.#last !== undefined) this.#send(this.#last);
        // what is kept for repetition is bounded: over a stream nothing is repeated, and no honest answer is larger
        if (this.channel.reliable || (this.#last?.length ?? 0) > LARGEST_KEPT)
          this.#last = undefined;
        return;
      case 'retransmit':
        if (this.#last !== undefined) this.#send(this.#last);
        return;
      case 'send-trying': {
        if (this.request === undefined) return;
        const { address, port } = this.channel;
        this.#last = respond(this.request, { status: 100, toTag: '', address, port });
        this.#send(this.#last);
        return;
      }
      case 'start-trying':
        this.#wait('timer-trying', timerTrying());
        return;
      case 'start-late':
        this.#wait('timer-late', timerLate());
        return;
      case 'start-g':
        this.#pause = T1;
        this.#wait('timer-g', T1);
        return;
      case 'restart-g': {
        this.#pause = nextRetransmit(this.#pause);
        // the third is out: a forged source would have us send eleven for its one
        if (this.#pause === T2 && !this.#host.hears(this.channel))
          this.#wait('timer-h', Math.max(1, this.#deadline - this.#host.now()));
        else this.#wait('timer-g', this.#pause);
        return;
      }
      case 'start-h':
        this.#deadline = this.#host.now() + GIVE_UP;
        if (this.channel.reliable) this.#wait('timer-h', GIVE_UP);
        return;
      case 'start-i':
        this.#wait('timer-i', timerI(this.channel.reliable));
        return;
      case 'start-j':
        this.#host.keep(this.key, this.replyTo, this.#state === 'silent' ? undefined : this.#last);
        this.#step('timer-j');
        return;
      case 'start-l':
        this.#wait('timer-l', timerL());
        return;
      case 'stop-trying':
      case 'stop-late':
      case 'stop-g':
      case 'stop-h':
        if (this.#timer !== undefined) this.#host.wheel.stop(this.#timer);
        return;
      case 'pass-up':
      case 'report-timeout':
        return;
      case 'report-transport-failure':
        this.user?.callerLost();
        return;
      case 'destroy':
        if (this.#timer !== undefined) this.#host.wheel.stop(this.#timer);
        this.#last = undefined;
        this.#host.ended(this); // who looks at it there asks whether it was answered
        this.request = undefined;
        this.user = undefined;
        return;
    }
  }

  #send(message: string): void {
    // over UDP nobody learns what became of it, and asking costs a turn of the event loop
    if (!this.replyTo.reliable) this.replyTo.send(message);
    else
      this.replyTo.send(message, () =>
        this.#host.undelivered(this.replyTo, message, () => this.#step('transport-failed')),
      );
  }

  #wait(event: TimerEvent, ms: number): void {
    this.#waitsFor = event;
    const { wheel } = this.#host;
    if (this.#timer === undefined) this.#timer = wheel.start(ms, timerRan, this);
    else wheel.restart(this.#timer, ms);
  }

  timerRan(): void {
    const late = this.#waitsFor === 'timer-g' && this.#host.now() >= this.#deadline;
    this.#step(late ? 'timer-h' : this.#waitsFor);
  }
}

const timerRan = (transaction: ServerTransaction): void => transaction.timerRan();
