import { Header } from '../message/header-name.ts';
import type { Message } from '../message/message.ts';
import { readMessage } from '../message/read-message.ts';

/** The ACK to a 3xx to 6xx, hop by hop (RFC 3261 §17.1.1.3): the INVITE's branch and Route, the response's To. */
export function ackFor(inviteWire: string, response: Message): string {
  const invite = readMessage(inviteWire);
  if (invite === undefined) return '';
  return hopByHop(invite, 'ACK', response.value(Header.to) ?? '');
}

/** The CANCEL of an INVITE that was sent (RFC 3261 §9.1), with the caller's reasons for it (RFC 3326). */
export function cancelFor(inviteWire: string, reasons: readonly string[]): string {
  const invite = readMessage(inviteWire);
  if (invite === undefined) return '';
  const why = reasons.map((reason) => `Reason: ${reason}\r\n`).join('');
  return hopByHop(invite, 'CANCEL', invite.value(Header.to) ?? '', why);
}

function hopByHop(invite: Message, method: 'ACK' | 'CANCEL', to: string, more = ''): string {
  const via = invite.via;
  const topVia = via === undefined ? '' : invite.wire.slice(via.start, via.end);
  const routes = invite.list(Header.route).map((route) => `Route: ${route}\r\n`);
  return (
    `${method} ${invite.requestUri} SIP/2.0\r\nVia: ${topVia}\r\nMax-Forwards: 70\r\n${routes.join('')}` +
    `From: ${invite.value(Header.from)}\r\nTo: ${to}\r\nCall-ID: ${invite.callId}\r\n` +
    `CSeq: ${invite.cseq} ${method}\r\n${more}Content-Length: 0\r\n\r\n`
  );
}
