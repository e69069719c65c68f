import type { Message } from '../../sip/message/message.ts';
import type { IncomingRequest } from '../incoming-request.ts';
import type { Program } from '../protocol/program.ts';
import type { ServerTransaction, ServerTransactionUser } from '../server-transaction.ts';
import type { Channel } from '../transport/transports.ts';
import type { AgentHost } from './agents.ts';

/** A request from the network that a program is to answer, from its arrival to its final answer. */
export class ServedRequest implements ServerTransactionUser {
  readonly id: string;
  readonly incoming: IncomingRequest;
  readonly transaction: ServerTransaction;
  /** Whose it is; undefined while that is being found out. */
  program: Program | undefined;
  readonly #host: AgentHost;

  constructor(
    host: AgentHost,
    id: string,
    incoming: IncomingRequest,
    transaction: ServerTransaction,
  ) {
    this.#host = host;
    this.id = id;
    this.incoming = incoming;
    this.transaction = transaction;
  }

  get request(): Message {
    return this.incoming.request;
  }
  get channel(): Channel {
    return this.incoming.channel;
  }

  /** Answers it by ourselves, once; the program's own answer comes too late then. */
  answerNow(
    status: number,
    headers?: Parameters<IncomingRequest['answer']>[1],
    reason?: string,
  ): void {
    this.#host.forget(this);
    this.incoming.answer(status, headers, reason);
  }

  /**
   * It is no longer for the program to answer but to be forwarded: `incoming` has it from now on, its CANCEL
   * and the loss of its caller included.
   */
  handOver(): IncomingRequest {
    this.#host.forget(this);
    this.transaction.user = this.incoming;
    return this.incoming;
  }

  cancelled(_reasons: readonly string[]): void {
    this.answerNow(487);
  }

  callerLost(): void {
    this.answerNow(487);
  }
}
