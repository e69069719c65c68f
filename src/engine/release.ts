import { openDialog, type Side } from '../sip/dialog/dialog.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { oneLine } from '../sip/message/rewrite.ts';
import { reasonHeader } from '../sip/proxy/reason-header.ts';
import { LiveCall } from './call-table.ts';
import type { Core } from './core.ts';
import { hangUp } from './end-call.ts';
import { newBranch } from './random-token.ts';
import type { Channel } from './transport/transports.ts';

/** The ACK to a 2xx that nobody is left to acknowledge (RFC 3261 §13.2.2.4), sent for the caller. */
export function acknowledge(core: Core, invite: Message, ok: Message, channel: Channel): void {
  const dialog = openDialog(invite, ok, core.isOurRoute);
  const { target, routes, header } = dialog.callee;
  let wire = `ACK ${oneLine(target)} SIP/2.0\r\nVia: ${core.names.toward(channel).via}${newBranch()}\r\n`;
  wire += 'Max-Forwards: 70\r\n';
  for (const route of routes) wire += `Route: ${oneLine(route)}\r\n`;
  wire +=
    `From: ${ok.value(Header.from) ?? ''}\r\nTo: ${header}\r\nCall-ID: ${ok.callId}\r\n` +
    `CSeq: ${ok.cseq} ACK\r\nContent-Length: 0\r\n\r\n`;
  channel.send(wire);
}

/** Ends the call of one who answered, and whose 2xx does not go back: nobody else will. */
export function release(
  core: Core,
  invite: Message,
  ok: Message,
  channels: Readonly<Record<Side, Channel>>,
  reason: string,
): void {
  const { caller, callee } = channels;
  acknowledge(core, invite, ok, callee);
  const dialog = openDialog(invite, ok, core.isOurRoute);
  hangUp(core, new LiveCall(dialog, caller, callee), 'callee', reason);
}

/** The Reason that the callee is told where an INVITE has become as many calls as it may. */
export const forkedTooOften = reasonHeader({ text: 'Too many answers to one call' });
