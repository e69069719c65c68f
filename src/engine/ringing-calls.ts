import type { Flow, RingingCall } from '../edge/signaling.ts';
import { dialogIdOf } from '../sip/dialog/dialog-id.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import type { ServerTransaction } from './server-transaction.ts';

class UnansweredInvite implements RingingCall {
  readonly caller: Flow;
  readonly startedAt: number;
  readonly #invite: Message;

  constructor(invite: Message, caller: Flow, startedAt: number) {
    this.#invite = invite;
    this.caller = caller;
    this.startedAt = startedAt;
  }

  get id(): string {
    return dialogIdOf(this.callId, this.#invite.fromTag);
  }
  get callId(): string {
    return this.#invite.callId;
  }
  get from(): string {
    return this.#invite.value(Header.from) ?? '';
  }
  get to(): string {
    return this.#invite.value(Header.to) ?? '';
  }
}

/** The calls among these transactions that nobody has answered yet; an INVITE inside a call is none. */
export function* ringingCalls(
  transactions: Iterable<ServerTransaction>,
): IterableIterator<RingingCall> {
  for (const { isInvite, request, channel, startedAt } of transactions)
    if (isInvite && request?.toTag === '') yield new UnansweredInvite(request, channel, startedAt);
}
