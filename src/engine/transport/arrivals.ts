import type { Buffer } from 'node:buffer';
import type { UdpPeer } from './udp-peer.ts';

export interface Arrival {
  /** What is much waits outside the heap, which would grow by all that is read in a turn. */
  readonly datagram: string | Buffer;
  readonly peer: UdpPeer;
  /** When it was read, as `performance.now` has it, where that was before this turn. */
  readonly since?: number;
}

interface Waiting extends Arrival {
  readonly since: number;
}

/** So many that begin something are handled in a turn. */
const BEGUN_IN_A_TURN = 64;
/** And of requests within dialogs so many before those: for each call that begins an ACK, a BYE, and one that it may have between. */
const CONTINUED_IN_A_TURN = 3 * BEGUN_IN_A_TURN;
/** Whoever sent it sends it again half a second after the first time. */
const WAITS_AT_MOST_MS = 250;
/** A burst, as of all phones of an office that has its power back, is done by then: it is no overload, and none of it is lost. */
const BURST_MS = 1000;
/** About as much as the system keeps for a socket. */
const WAITING_BYTES = 8 * 1024 * 1024;
/** What has left is cut off when it is so many. */
const LEFT_AT_MOST = 1024;
const ANSWER = /^SIP\/2/i;
/** A request with a tag in To. */
const WITHIN_DIALOG = /\n(?:to|t)[ \t]*:[^\r\n]*;[ \t]*tag[ \t]*=/i;
/** No phone's headers are as long. */
const HEAD_BYTES = 8192;

/**
 * What came by a socket and waits for its turn. Nearly always that is all of it, in its order. When more came than one turn
 * does, answers and requests within dialogs go before those that begin something: they end what was begun, and free what is
 * held for it. Whoever sends very many with the mark of a dialog has them wait with all others.
 *
 * Behind a queue of new requests an answer keeps all that is held for its own: the collector copies that again and again,
 * and the more there is to do the less is done, until phones send everything twice and no end comes of it.
 *
 * Where some have waited all the time for a second more comes than can be done. From then on what is new waits for a quarter of a
 * second and is then lost, as it is in a queue of the system that is full. Here it is what waited longest, whose senders are
 * the first to send again.
 */
export class Arrivals {
  #added: Arrival[] = [];
  /** What begins something, in its order; those before `#first` have left. */
  #waiting: Waiting[] = [];
  #first = 0;
  /** Since then some waited all the time, where some wait. */
  #waitingSince = 0;
  #bytes = 0;
  #lost = 0;

  add(arrival: Arrival): void {
    this.#added.push(arrival);
  }

  /** Some of what was there in the last turn is there still. */
  get areLeft(): boolean {
    return this.#first < this.#waiting.length;
  }

  /** So many waited too long. */
  get lost(): number {
    return this.#lost;
  }

  /** What one turn does. */
  take(now: number): readonly Arrival[] {
    const added = this.#added;
    this.#added = [];
    if (added.length <= BEGUN_IN_A_TURN && !this.areLeft) return added;
    const turn: Arrival[] = [];
    let continued = 0;
    for (const arrival of added) {
      const head = headOf(arrival);
      if (ANSWER.test(head)) turn.push(arrival);
      else if (continued < CONTINUED_IN_A_TURN && WITHIN_DIALOG.test(head)) {
        continued++;
        turn.push(arrival);
      } else this.#wait(arrival, now);
    }
    this.#giveUp(now);
    for (let begun = 0; begun < BEGUN_IN_A_TURN && this.areLeft; begun++) turn.push(this.#leave());
    return turn;
  }

  #wait({ datagram, peer }: Arrival, since: number): void {
    if (!this.areLeft) this.#waitingSince = since;
    this.#waiting.push({ datagram, peer, since });
    this.#bytes += datagram.length;
  }

  #giveUp(now: number): void {
    const isBurst = now - this.#waitingSince <= BURST_MS;
    while (this.areLeft) {
      const { since } = this.#waiting[this.#first] as Waiting;
      const mayWait = isBurst || now - since <= WAITS_AT_MOST_MS;
      if (mayWait && this.#bytes <= WAITING_BYTES) return;
      this.#leave();
      this.#lost += 1;
    }
  }

  #leave(): Waiting {
    const first = this.#waiting[this.#first] as Waiting;
    this.#first += 1;
    this.#bytes -= first.datagram.length;
    if (this.#first === LEFT_AT_MOST || !this.areLeft) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return first;
  }
}

const headOf = ({ datagram }: Arrival): string =>
  typeof datagram === 'string' ? datagram : datagram.toString('latin1', 0, HEAD_BYTES);
