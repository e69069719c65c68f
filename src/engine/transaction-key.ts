import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import type { Via } from '../sip/message/via.ts';
import type { Channel } from './transport/transports.ts';

/**
 * What tells a request's server transaction from all others (RFC 3261 §17.2.3): its branch and sent-by, the
 * ACK counting as its INVITE. `cancelled` names the INVITE that a CANCEL is about (§9.2). Before RFC 3261
 * there was no branch worth the name: then Call-ID, From tag, CSeq and Request-URI have to do.
 */
export function serverKey(request: Message, via: Via, method: string, source: Channel): string {
  // two phones behind their NATs may well have one private address and, with bad luck, one branch
  const from = source.realm === 'access' ? source.address : '';
  if (via.branch.length > 7 && via.branch.startsWith('z9hG4bK'))
    return `${via.branch} ${via.host}:${via.port ?? ''} ${method} ${from}`;
  return `${request.callId} ${request.fromTag} ${request.cseq} ${request.requestUri} ${request.value(Header.via)} ${method} ${from}`;
}
