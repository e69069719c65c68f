import { bye, openDialog } from '../sip/dialog/dialog.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { oneLine } from '../sip/message/rewrite.ts';
import { nobody } from './client-transaction.ts';
import type { Core } from './core.ts';
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

/** Ends the call of one who answered when the caller had been told otherwise: nobody else will. */
export function release(core: Core, invite: Message, ok: Message, channel: Channel): void {
  acknowledge(core, invite, ok, channel);
  const branch = newBranch();
  const via = core.names.toward(channel).via + branch;
  core.transmit(nobody, channel, {
    key: branch,
    method: 'BYE',
    wire: bye(
      openDialog(invite, ok, core.isOurRoute),
      'callee',
      via,
      'SIP;cause=487;text="The caller was gone"',
    ),
  });
}
