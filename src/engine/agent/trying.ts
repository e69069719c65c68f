import type { Message } from '../../sip/message/message.ts';
import { respond } from '../../sip/proxy/respond.ts';
import type { ServerTransaction } from '../server-transaction.ts';
import type { Channel } from '../transport/transports.ts';

/** Programs need not say that they have got it. */
export function trying(transaction: ServerTransaction, request: Message, channel: Channel): void {
  const { address, port } = channel;
  transaction.answer(100, respond(request, { status: 100, toTag: '', address, port }));
}
