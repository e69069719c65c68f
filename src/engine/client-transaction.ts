import type { Failure } from '../edge/signaling.ts';
import type { Message } from '../sip/message/message.ts';
import {
  GIVE_UP,
  nextInviteRetransmit,
  nextRetransmit,
  T1,
  T2,
  timerD,
  timerM,
} from '../sip/timers.ts';
import {
  type InviteClientEffect,
  type InviteClientEvent,
  type InviteClientState,
  startInviteClient,
  stepInviteClient,
} from '../sip/transaction/invite-client.ts';
import {
  type NonInviteClientEffect,
  type NonInviteClientEvent,
  type NonInviteClientState,
  startNonInviteClient,
  stepNonInviteClient,
} from '../sip/transaction/non-invite-client.ts';
import type { Timer, TimerWheel } from './timer-wheel.ts';
import type { Channel } from './transport/transports.ts';

export interface ClientTransactionHost {
  readonly wheel: TimerWheel;
  now(): number;
  ended(transaction: ClientTransaction): void;
}

/** Who sent the request: hears every answer once, or that there will be none. */
export interface ClientTransactionUser {
  answered(response: Message): void;
  failed(failure: Failure): void;
}

/** For requests whose answers change nothing: a CANCEL, a BYE of ours. */
export const nobody: ClientTransactionUser = { answered() {}, failed() {} };

export interface SentRequest {
  /** The branch for most; an INVITE and its CANCEL share a branch and differ in this. */
  readonly key: string;
  readonly method: string;
  readonly wire: string;
  /** Give up sooner than 64*T1. */
  readonly giveUpMs?: number;
}

type State = InviteClientState | NonInviteClientState;
type TimerEvent = 'timer-a' | 'timer-b' | 'timer-d' | 'timer-e' | 'timer-f' | 'timer-k' | 'timer-m';

/**
 * A request that went out, and its answers. As for the server side one timer serves it; A with B, and E with F,
 * run side by side, the longer as a deadline.
 */
export class ClientTransaction {
  readonly key: string;
  readonly isInvite: boolean;
  readonly channel: Channel;
  /** As sent; an INVITE keeps it to make its ACK or CANCEL from. */
  wire: string;

  readonly #host: ClientTransactionHost;
  readonly #user: ClientTransactionUser;
  readonly #giveUpMs: number;
  #state: State = 'trying';
  #timer: Timer | undefined;
  #waitsFor: TimerEvent = 'timer-e';
  #pause = T1;
  #deadline = 0;
  /** What is sent again until something is heard. */
  #repeated: string | undefined;
  #response: Message | undefined;
  #makeAck: ((wire: string, response: Message) => string) | undefined;

  constructor(
    host: ClientTransactionHost,
    user: ClientTransactionUser,
    channel: Channel,
    sent: SentRequest,
    makeAck?: (wire: string, response: Message) => string,
  ) {
    this.#host = host;
    this.#user = user;
    this.channel = channel;
    this.key = sent.key;
    this.isInvite = sent.method === 'INVITE';
    this.wire = sent.wire;
    this.#giveUpMs = sent.giveUpMs ?? GIVE_UP;
    this.#makeAck = makeAck;
  }

  /** Sends the request; separate from the constructor so that an immediate failure finds the user ready. */
  start(): void {
    const { reliable } = this.channel;
    const first = this.isInvite ? startInviteClient(reliable) : startNonInviteClient(reliable);
    this.#state = first.to;
    for (const effect of first.effects) this.#perform(effect);
  }

  received(response: Message): void {
    const { status } = response;
    this.#response = response;
    if (this.isInvite)
      this.#step(status < 200 ? 'provisional' : status < 300 ? 'success' : 'failure');
    else this.#step(status < 200 ? 'provisional' : 'final');
    this.#response = undefined;
  }

  /** The connection is gone, or a CANCEL was never answered by a final response. */
  giveUp(): void {
    this.#step(this.isInvite ? 'give-up' : 'timer-f');
  }
  connectionLost(): void {
    this.#step('transport-failed');
  }

  /** All that may still come is a repetition: nothing but the key is needed for that. */
  slim(): void {
    this.wire = '';
    this.#repeated = undefined;
    this.#makeAck = undefined;
  }

  /** The ACK to its 2xx has passed: further 2xx are the call's affair. */
  settle(): void {
    if (this.#state === 'accepted') this.#step('timer-m');
  }

  forget(): void {
    if (this.#timer !== undefined) this.#host.wheel.stop(this.#timer);
    this.#state = 'terminated';
  }

  #step(event: InviteClientEvent | NonInviteClientEvent): void {
    const { reliable } = this.channel;
    const transition = this.isInvite
      ? stepInviteClient(this.#state as InviteClientState, event as InviteClientEvent, reliable)
      : stepNonInviteClient(
          this.#state as NonInviteClientState,
          event as NonInviteClientEvent,
          reliable,
        );
    this.#state = transition.to;
    const { effects } = transition;
    for (let at = 0; at < effects.length; at++) {
      const effect = effects[at];
      if (effect !== undefined) this.#perform(effect);
    }
  }

  #perform(effect: InviteClientEffect | NonInviteClientEffect): void {
    switch (effect) {
      case 'send-request':
        this.channel.send(this.wire, () => this.#step('transport-failed'));
        if (!this.channel.reliable) this.#repeated = this.wire;
        if (!this.isInvite) this.wire = '';
        return;
      case 'retransmit':
        if (this.#repeated !== undefined) this.channel.send(this.#repeated);
        return;
      case 'send-ack':
        if (this.#response !== undefined && this.#makeAck !== undefined)
          this.channel.send(this.#makeAck(this.wire, this.#response));
        return;
      case 'pass-up':
        if (this.#response !== undefined) this.#user.answered(this.#response);
        return;
      case 'start-a':
      case 'start-e':
        this.#pause = T1;
        this.#wait(this.isInvite ? 'timer-a' : 'timer-e', Math.min(T1, this.#giveUpMs));
        return;
      case 'restart-a':
        this.#pause = nextInviteRetransmit(this.#pause);
        this.#waitAtMostUntilDeadline('timer-a');
        return;
      case 'restart-e':
        this.#pause = nextRetransmit(this.#pause);
        this.#waitAtMostUntilDeadline('timer-e');
        return;
      case 'restart-e-slow':
        this.#pause = T2;
        this.#waitAtMostUntilDeadline('timer-e');
        return;
      case 'start-b':
      case 'start-f':
        this.#deadline = this.#host.now() + this.#giveUpMs;
        if (this.channel.reliable)
          this.#wait(this.isInvite ? 'timer-b' : 'timer-f', this.#giveUpMs);
        return;
      case 'start-d':
        this.#repeated = undefined;
        this.#wait('timer-d', timerD(this.channel.reliable));
        return;
      case 'start-k':
        // K only absorbs repetitions, and an answer without a transaction is dropped all the same
        this.#step('timer-k');
        return;
      case 'start-m':
        this.slim();
        this.#wait('timer-m', timerM());
        return;
      case 'stop-a':
      case 'stop-b':
      case 'stop-e':
      case 'stop-f':
        if (this.#timer !== undefined) this.#host.wheel.stop(this.#timer);
        return;
      case 'report-timeout':
        this.#user.failed('timeout');
        return;
      case 'report-transport-failure':
        this.#user.failed('unreachable');
        return;
      case 'destroy':
        if (this.#timer !== undefined) this.#host.wheel.stop(this.#timer);
        this.#repeated = undefined;
        this.#host.ended(this);
        return;
    }
  }

  #waitAtMostUntilDeadline(event: TimerEvent): void {
    const left = this.#deadline - this.#host.now();
    this.#wait(event, Math.max(1, Math.min(this.#pause, left)));
  }

  #wait(event: TimerEvent, ms: number): void {
    this.#waitsFor = event;
    const { wheel } = this.#host;
    if (this.#timer === undefined) this.#timer = wheel.start(ms, timerRan, this);
    else wheel.restart(this.#timer, ms);
  }

  timerRan(): void {
    const waited = this.#waitsFor;
    if ((waited === 'timer-a' || waited === 'timer-e') && this.#host.now() >= this.#deadline)
      this.#step(waited === 'timer-a' ? 'timer-b' : 'timer-f');
    else this.#step(waited);
  }
}

const timerRan = (transaction: ClientTransaction): void => transaction.timerRan();
