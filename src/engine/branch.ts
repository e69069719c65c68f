import type { Failure, Target } from '../edge/signaling.ts';
import type { Message } from '../sip/message/message.ts';
import { ackFor, cancelFor } from '../sip/proxy/ack-and-cancel.ts';
import { GIVE_UP } from '../sip/timers.ts';
import {
  type ClientTransaction,
  type ClientTransactionUser,
  nobody,
} from './client-transaction.ts';
import type { Core } from './core.ts';
import { newBranch } from './random-token.ts';
import type { Timer } from './timer-wheel.ts';
import type { Channel } from './transport/transports.ts';

/** Larger requests go over a congestion-controlled transport (RFC 3261 §18.1.1). */
const LARGEST_OVER_UDP = 1300;
/** A peer that drops our SYNs gets them over UDP after this, or after a third of what it has before the next one's turn. */
const STREAM_WITHIN_MS = 1000;

/** What a branch tells the request it belongs to. */
export interface BranchUser {
  readonly method: string;
  /** How long to wait for any answer before the next target's turn; undefined for as long as it takes. */
  readonly tryNextAfterMs: number | undefined;
  /** The request as it goes out on this channel, with our Via value on top. */
  write(target: Target, channel: Channel, via: string): string;
  branchAnswered(branch: Branch, response: Message): void;
  branchFailed(branch: Branch, failure: Failure): void;
  /** May it go this way to that target? Any, when not given. */
  mayGo?(target: Target, way: Channel): boolean;
}

/** One target of a forwarded request: its ways, its transaction, its CANCEL. */
export class Branch implements ClientTransactionUser {
  readonly target: Target;
  /** Nothing more is expected of it. */
  over = false;
  /** Another target has its turn; a late answer still counts. */
  abandoned = false;

  readonly #core: Core;
  readonly #user: BranchUser;
  #ways: readonly Channel[] = [];
  #way = 0;
  #client: ClientTransaction | undefined;
  #insteadOf: Channel | undefined;
  #heard = false;
  #cancel: 'no' | 'wanted' | 'sent' = 'no';
  #reasons: readonly string[] = [];
  #patience: Timer | undefined;

  constructor(core: Core, user: BranchUser, target: Target) {
    this.#core = core;
    this.#user = user;
    this.target = target;
  }

  /** The transaction in use, once it is. */
  get client(): ClientTransaction | undefined {
    return this.#client;
  }
  get ringing(): boolean {
    return this.#heard && !this.over;
  }

  start(): void {
    this.#core.waysTo(this.target, (ways) => {
      if (this.over) return;
      const user = this.#user;
      this.#ways =
        user.mayGo === undefined ? ways : ways.filter((way) => user.mayGo?.(this.target, way));
      if (this.#user.tryNextAfterMs !== undefined)
        this.#patience = this.#core.wheel.start(this.#user.tryNextAfterMs, outOfPatience, this);
      this.#tryWay();
    });
  }

  /** RFC 3261 §9.1: a CANCEL goes out once a provisional answer came, not before. */
  cancel(reasons: readonly string[] = []): void {
    if (this.over || this.#cancel !== 'no') return;
    this.#reasons = reasons;
    if (this.#client === undefined) {
      this.#end('timeout');
      return;
    }
    this.#cancel = 'wanted';
    if (this.#heard) this.#sendCancel();
  }

  answered(response: Message): void {
    this.#calm();
    if (response.status < 200) {
      this.#heard = true;
      if (this.#cancel === 'wanted') this.#sendCancel();
    } else this.over = true;
    this.#user.branchAnswered(this, response);
  }

  failed(failure: Failure): void {
    if (failure === 'unreachable' && !this.#heard) {
      if (this.#insteadOf !== undefined) this.#core.refusedStream(this.#insteadOf);
      else this.#way++;
      if (this.#cancel === 'no' && this.#way < this.#ways.length) {
        this.#tryWay();
        return;
      }
    }
    this.#end(failure);
  }

  /** Its answers no longer matter; the transaction lives out its time. */
  abandon(): void {
    this.abandoned = true;
    this.#calm();
    if (this.#user.method === 'INVITE') this.cancel();
  }

  /** All that may still come are repetitions of a 2xx. */
  settle(): void {
    this.#calm();
    this.#ways = [];
  }

  impatient(): void {
    if (!this.over && !this.#heard) this.#user.branchFailed(this, 'timeout');
  }

  #tryWay(): void {
    const first = this.#ways[this.#way];
    if (first === undefined) {
      this.#end('unreachable');
      return;
    }
    let channel = first;
    let branch = newBranch();
    let wire = this.#user.write(
      this.target,
      channel,
      this.#core.names.toward(channel).via + branch,
    );
    this.#insteadOf = undefined;
    if (wire.length > LARGEST_OVER_UDP && !channel.reliable) {
      const patience = this.#user.tryNextAfterMs ?? Number.POSITIVE_INFINITY;
      const stream = this.#core.streamInstead(channel, Math.min(STREAM_WITHIN_MS, patience / 3));
      if (stream !== undefined) {
        this.#insteadOf = channel;
        channel = stream;
        branch = newBranch();
        wire = this.#user.write(
          this.target,
          channel,
          this.#core.names.toward(channel).via + branch,
        );
      }
    }
    const { method } = this.#user;
    this.#client = this.#core.transmit(
      this,
      channel,
      { key: branch, method, wire },
      method === 'INVITE' ? ackFor : undefined,
    );
  }

  #sendCancel(): void {
    const client = this.#client;
    if (client === undefined || client.wire === '') return;
    this.#cancel = 'sent';
    this.#core.transmit(nobody, client.channel, {
      key: `${client.key} CANCEL`,
      method: 'CANCEL',
      wire: cancelFor(client.wire, this.#reasons),
    });
    // §9.1: without a final answer by then, the cancelled request counts as over
    this.#core.wheel.start(GIVE_UP, giveUp, client);
  }

  #end(failure: Failure): void {
    if (this.over) return;
    this.over = true;
    this.#calm();
    this.#user.branchFailed(this, failure);
  }

  #calm(): void {
    if (this.#patience === undefined) return;
    this.#core.wheel.stop(this.#patience);
    this.#patience = undefined;
  }
}

const outOfPatience = (branch: Branch): void => branch.impatient();
const giveUp = (client: ClientTransaction): void => client.giveUp();
