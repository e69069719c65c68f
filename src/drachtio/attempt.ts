import type { Failure, Target } from '../edge/signaling.ts';
import { parseUri } from '../sip/message/uri.ts';
import type { Leg } from './bridges.ts';
import type { Carrier } from './carrier.ts';
import { ServerFlow } from './flows.ts';
import { nextHopOf } from './next-hop.ts';
import { type Answered, Sent, type SentUser } from './sent.ts';
import type { SrfHeaders } from './srf.ts';

/** Who tries one target after another, or several at once. */
export interface AttemptUser {
  readonly method: string;
  readonly body: string;
  readonly isInvite: boolean;
  /** So long a target may say nothing before the next one has its turn, when there is a next one. */
  readonly tryNextAfterMs: number | undefined;
  /** The request as this target is to get it. */
  toward(target: Target, nth: number): { readonly uri: string; readonly headers: SrfHeaders };
  attemptAnswered(attempt: Attempt, answered: Answered): void;
  attemptFailed(attempt: Attempt, failure: Failure): void;
}

/** One target: its request, its answers. */
export class Attempt implements SentUser {
  readonly target: Target;
  /** Nothing more is expected of it. */
  over = false;
  /** Another target has its turn; a late answer still counts. */
  abandoned = false;
  heard = false;
  leg: Leg | undefined;
  readonly #carrier: Carrier;
  readonly #user: AttemptUser;
  readonly #nth: number;
  #sent: Sent | undefined;
  #patience: NodeJS.Timeout | undefined;
  #asking: NodeJS.Timeout | undefined;

  constructor(carrier: Carrier, user: AttemptUser, target: Target, nth: number) {
    this.#carrier = carrier;
    this.#user = user;
    this.target = target;
    this.#nth = nth;
  }

  start(): void {
    const { nextHop } = this.target;
    const proxy = nextHopOf(nextHop);
    const dead = nextHop instanceof ServerFlow && !nextHop.open;
    if (dead || parseUri(proxy) === undefined) {
      queueMicrotask(() => this.failed('unreachable'));
      return;
    }
    const { method, body } = this.#user;
    this.#sent = new Sent(
      this.#carrier,
      {
        method,
        proxy,
        ...this.#user.toward(this.target, this.#nth),
        ...(body !== '' && { body }),
      },
      this,
    );
  }

  cancel(reasons: readonly string[]): void {
    if (this.over) return;
    if (this.#sent === undefined) this.failed('timeout');
    else if (this.#user.isInvite) this.#sent.cancel(reasons);
  }

  confirmed(): void {
    const { tryNextAfterMs, isInvite } = this.#user;
    if (tryNextAfterMs === undefined) return;
    this.#patience = setTimeout(() => this.#impatient(), tryNextAfterMs).unref();
    if (isInvite)
      this.#asking = setTimeout(() => this.#ask(tryNextAfterMs / 2), tryNextAfterMs / 2).unref();
  }

  answered(answered: Answered): void {
    this.#stopWaiting();
    this.heard = true;
    if (answered.message.status >= 200) this.over = true;
    this.#user.attemptAnswered(this, answered);
  }

  failed(failure: Failure): void {
    if (this.over) return;
    this.over = true;
    this.#stopWaiting();
    this.#user.attemptFailed(this, failure);
  }

  /** Its answers no longer matter. */
  abandon(): void {
    this.abandoned = true;
    this.#stopWaiting();
    this.cancel([]);
  }

  /** A server keeps a 100 to itself: only by asking is it found out whether nobody is there, or somebody ponders. */
  #ask(withinMs: number): void {
    const proxy = nextHopOf(this.target.nextHop);
    new Sent(
      this.#carrier,
      { method: 'OPTIONS', uri: proxy, proxy, headers: {} },
      {
        answered: () => this.#stopWaiting(),
        failed: () => {}, // then the INVITE is not answered in time either
      },
      withinMs,
    );
  }

  #stopWaiting(): void {
    clearTimeout(this.#patience);
    clearTimeout(this.#asking);
  }

  #impatient(): void {
    if (!this.over && !this.heard) this.#user.attemptFailed(this, 'timeout');
  }
}
