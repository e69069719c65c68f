import type { Failure } from '../edge/signaling.ts';
import type { Message } from '../sip/message/message.ts';
import { GIVE_UP, T1 } from '../sip/timers.ts';
import type { Carrier } from './carrier.ts';
import type { SrfAck, SrfOptions, SrfRequest, SrfResponse } from './srf.ts';
import { messageOf, textOf } from './wire.ts';

/** Who sent a request. Called back once for each answer, and not at all after the final one or `failed`. */
export interface SentUser {
  /** The server has sent it. */
  confirmed?(): void;
  answered(answer: Answered): void;
  failed(failure: Failure, problem?: Error): void;
}

export interface Answered {
  readonly message: Message;
  /** Who sent it. */
  readonly from: Pick<SrfResponse, 'source_address' | 'source_port' | 'protocol'>;
  /** The dialog it belongs to, or empty. */
  readonly dialogId: string;
  /** Of a 2xx to an INVITE. */
  readonly ack: SrfAck;
}

/** The server gives up by itself after 64*T1, and should be the first to say so; some never do. */
const GIVE_UP_MS = GIVE_UP + 2 * T1;

/** Of an INVITE it says so for sure; when it does not, it has heard a 100, which it keeps to itself. */
const patienceWith = (method: string, ringMs: number): number =>
  method === 'INVITE' ? Math.max(GIVE_UP_MS, ringMs) : GIVE_UP_MS;

/** A request that the server sends for us, until its final answer. */
export class Sent {
  readonly #carrier: Carrier;
  readonly #user: SentUser;
  readonly #method: string;
  #request: SrfRequest | undefined;
  #over = false;
  #cancel: readonly string[] | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(
    carrier: Carrier,
    options: Omit<SrfOptions, '_socket'>,
    user: SentUser,
    giveUpMs = patienceWith(options.method, carrier.ringMs),
  ) {
    this.#carrier = carrier;
    this.#user = user;
    this.#method = options.method;
    carrier.sent.add(this);
    this.#waitFor(giveUpMs);
    carrier.link.request(options, (problem, request) => this.#confirmed(problem, request));
  }

  /** Only an INVITE. The server waits for a provisional answer before it does so (RFC 3261 §9.1). */
  cancel(reasons: readonly string[]): void {
    if (this.#over || this.#cancel !== undefined) return;
    this.#cancel = reasons;
    this.#waitFor(GIVE_UP_MS);
    if (this.#request !== undefined) this.#sendCancel(this.#request);
  }

  /** The server is gone, and with it the answer. */
  lost(): void {
    this.#fail('unreachable');
  }

  /** Nobody is to hear of it any more. */
  forget(): void {
    this.#end();
  }

  #confirmed(problem: Error | undefined, request: SrfRequest | undefined): void {
    if (this.#over) return;
    if (request === undefined) {
      this.#fail('unreachable', problem ?? undefined);
      return;
    }
    this.#request = request;
    this.#user.confirmed?.();
    request.on('response', (response: SrfResponse, ack: SrfAck) => {
      try {
        this.#answered(response, ack);
      } catch (fault) {
        this.#carrier.fault(fault);
      }
    });
    request.on('update', (update: SrfRequest, answer: SrfResponse) =>
      this.#carrier.received(update, answer),
    );
    if (this.#cancel !== undefined) this.#sendCancel(request);
  }

  #answered(response: SrfResponse, ack: SrfAck): void {
    if (this.#over) return;
    const { status, source_address: address } = response;
    if (status >= 200 && address === '') {
      this.#fail(status === 408 ? 'timeout' : 'unreachable');
      return;
    }
    const message = messageOf(response.msg);
    if (message === undefined) return;
    if (status >= 200) this.#end();
    else if (this.#method === 'INVITE' && this.#cancel === undefined) clearTimeout(this.#patience); // it may ring for as long as timer C says
    this.#user.answered({ message, from: response, dialogId: response.stackDialogId, ack });
  }

  #sendCancel({ stackTxnId }: SrfRequest): void {
    const reasons = this.#cancel ?? [];
    const [first, ...more] = reasons.map(textOf);
    const reason = [first, ...more.map((one) => `Reason: ${one}`)].join('\r\n');
    const uri = 'sip:placeholder'; // that of the INVITE is sent, whatever stands here
    const headers: Record<string, string> = first === undefined ? {} : { Reason: reason };
    this.#carrier.link.request({ method: 'CANCEL', uri, stackTxnId, headers }, () => {});
  }

  #waitFor(ms: number): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#fail('timeout'), ms).unref();
  }

  #fail(failure: Failure, problem?: Error): void {
    if (this.#over) return;
    this.#end();
    try {
      this.#user.failed(failure, problem);
    } catch (fault) {
      this.#carrier.fault(fault);
    }
  }

  #end(): void {
    this.#over = true;
    clearTimeout(this.#patience);
    this.#carrier.sent.delete(this);
  }
}
