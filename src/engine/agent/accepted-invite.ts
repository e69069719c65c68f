import { GIVE_UP, nextRetransmit, T1, T2 } from '../../sip/timers.ts';
import type { ServerTransaction } from '../server-transaction.ts';
import type { Timer } from '../timer-wheel.ts';
import type { AgentHost } from './agent-host.ts';
import type { Dialog } from './dialog.ts';

/** A program's 2xx to an INVITE, repeated over any wire until its ACK comes (RFC 3261 §13.3.1.4). */
export class AcceptedInvite {
  /** Of the INVITE, as its ACK is delivered under. */
  readonly id: string;
  readonly cseq: number;
  /** What of the program has to wait: a BYE that overtook the 2xx would end nothing (§15). */
  readonly whenOver: (() => void)[] = [];
  readonly #host: AgentHost;
  readonly #dialog: Dialog;
  readonly #transaction: ServerTransaction;
  #wire: string | undefined;
  readonly #deadline = performance.now() + GIVE_UP;
  #pause = T1;
  readonly #timer: Timer;

  constructor(
    host: AgentHost,
    dialog: Dialog,
    id: string,
    cseq: number,
    wire: string,
    transaction: ServerTransaction,
  ) {
    this.#host = host;
    this.#dialog = dialog;
    this.id = id;
    this.cseq = cseq;
    this.#wire = wire;
    this.#transaction = transaction;
    this.#timer = host.core.wheel.start(T1, again, this);
  }

  /** What a CANCEL names, should one come too late. */
  get transactionKey(): string {
    return this.#transaction.key;
  }

  acknowledged(): void {
    this.stop();
    this.#transaction.settle();
  }

  /** The ACK is there, or no longer waited for. */
  stop(): void {
    this.#host.core.wheel.stop(this.#timer);
    this.#wire = undefined;
    if (this.#dialog.accepted === this) this.#dialog.accepted = undefined;
    this.#host.dialogs.acknowledged(this.transactionKey);
    for (const act of this.whenOver.splice(0)) act();
  }

  again(): void {
    const left = this.#deadline - performance.now();
    if (left <= 0) {
      const waiting = this.whenOver.length > 0;
      this.stop();
      if (!waiting) this.#host.dialogs.end(this.#dialog, 'ACK timeout');
      return;
    }
    const { channel, replyTo } = this.#transaction;
    // the third is out: a forged source would have us send eleven for its one
    const unheard = this.#pause >= T2 && !this.#host.core.hears(channel);
    if (!unheard && this.#wire !== undefined) replyTo.send(this.#wire);
    this.#pause = nextRetransmit(this.#pause);
    this.#host.core.wheel.restart(this.#timer, Math.min(this.#pause, left));
  }
}

const again = (accepted: AcceptedInvite): void => accepted.again();
