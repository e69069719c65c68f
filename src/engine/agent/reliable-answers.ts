import { GIVE_UP, T1 } from '../../sip/timers.ts';
import type { Timer } from '../timer-wheel.ts';
import type { AgentHost } from './agent-host.ts';
import type { ServedRequest } from './served-request.ts';
import type { Answer } from './write-answer.ts';

const MOST_WAITING = 16;
/** RFC 3262 §3: so that RSeq never reaches its end. */
const HIGHEST_START = 2 ** 24;

interface Waiting {
  readonly answer: Answer;
  /** Undefined for the 2xx that must not overtake them. */
  readonly rseq: number | undefined;
}

/**
 * The provisional answers to an INVITE that ask for a PRACK (RFC 3262): one at a time, repeated until it comes;
 * those behind it wait for their turn, and so does a 2xx.
 */
export class ReliableAnswers {
  readonly #host: AgentHost;
  readonly #served: ServedRequest;
  #last = Math.floor(Math.random() * HIGHEST_START);
  #out: { readonly rseq: number; readonly wire: string } | undefined;
  #queue: Waiting[] = [];
  #pause = T1;
  #deadline = 0;
  #timer: Timer | undefined;

  constructor(host: AgentHost, served: ServedRequest) {
    this.#host = host;
    this.#served = served;
  }

  /** The RSeq of the one that comes next. */
  get next(): number {
    return this.#last + 1;
  }
  get hasRoom(): boolean {
    return this.#queue.length < MOST_WAITING;
  }
  get waiting(): boolean {
    return this.#out !== undefined;
  }

  send(answer: Answer, rseq: number): void {
    this.#last = rseq;
    if (this.#out !== undefined) this.#queue.push({ answer, rseq });
    else this.#transmit(answer, rseq);
  }

  /** A 2xx: it goes out behind the last PRACK. */
  hold(answer: Answer): void {
    this.#queue.push({ answer, rseq: undefined });
  }

  /** `RAck: 776656 1 INVITE` */
  pracked(rack: string, cseq: number): boolean {
    const [, rseq, number, method] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s*$/.exec(rack) ?? [];
    if (this.#out === undefined || method !== 'INVITE' || Number(number) !== cseq) return false;
    if (Number(rseq) !== this.#out.rseq) return false;
    this.#out = undefined;
    if (this.#timer !== undefined) this.#host.core.wheel.stop(this.#timer);
    return true;
  }

  /** What waited for the PRACK; called when the program has been given it. */
  continue(): void {
    const next = this.#queue.shift();
    if (next === undefined) return;
    if (next.rseq === undefined) this.#served.send(next.answer);
    else this.#transmit(next.answer, next.rseq);
  }

  stop(): void {
    this.#out = undefined;
    this.#queue = [];
    if (this.#timer !== undefined) this.#host.core.wheel.stop(this.#timer);
  }

  again(): void {
    if (this.#out === undefined) return;
    const left = this.#deadline - performance.now();
    if (left <= 0) {
      this.#served.neverPracked();
      return;
    }
    // the third is out: a forged source would have us send seven for its one
    const { channel, replyTo } = this.#served.transaction;
    if (this.#pause <= 2 * T1 || this.#host.core.hears(channel)) replyTo.send(this.#out.wire);
    this.#pause *= 2;
    this.#wait(Math.min(this.#pause, left));
  }

  #transmit(answer: Answer, rseq: number): void {
    this.#out = { rseq, wire: answer.wire };
    this.#pause = T1;
    this.#deadline = performance.now() + GIVE_UP;
    this.#served.send(answer);
    this.#wait(T1);
  }

  #wait(ms: number): void {
    const { wheel } = this.#host.core;
    if (this.#timer === undefined) this.#timer = wheel.start(ms, again, this);
    else wheel.restart(this.#timer, ms);
  }
}

const again = (answers: ReliableAnswers): void => answers.again();
