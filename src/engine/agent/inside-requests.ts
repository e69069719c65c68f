import { Header } from '../../sip/message/header-name.ts';
import type { Message } from '../../sip/message/message.ts';
import type { IncomingRequest } from '../incoming-request.ts';
import type { ServerTransaction } from '../server-transaction.ts';
import type { Channel } from '../transport/transports.ts';
import type { AgentHost } from './agent-host.ts';
import type { Dialog } from './dialog.ts';
import { deliverable, wayOf } from './frames.ts';
import { MIN_SE, readSessionExpires } from './session-timer.ts';
import { trying } from './trying.ts';

interface Refusal {
  readonly status: number;
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
}

/** An UPDATE before the INVITE's answer has the INVITE's transactionId, and a place of its own. */
export const updateKey = (id: string): string => `${id} UPDATE`;

/** A request in a program's dialog. */
export function receiveInside(
  host: AgentHost,
  dialog: Dialog,
  incoming: IncomingRequest,
  transaction: ServerTransaction,
): void {
  const { request, channel } = incoming;
  const { method } = request;
  const { program } = dialog;
  if (!program.connected) {
    incoming.answer(481);
    return;
  }
  if (request.cseq <= dialog.remoteCseq) {
    incoming.answer(500, undefined, 'CSeq out of order');
    return;
  }
  dialog.remoteCseq = request.cseq;
  dialog.channel = channel;
  host.dialogs.touch(dialog);
  const refusal = refusalInside(host, dialog, request);
  if (refusal !== undefined) {
    incoming.answer(refusal.status, refusal.headers);
    return;
  }
  if (method === 'BYE') receiveBye(host, dialog, incoming, transaction);
  else if (method === 'PRACK') {
    const served = host.serve(host.newId(), incoming, transaction, dialog);
    served.deliver(program);
    dialog.invited?.continue();
  } else if (method === 'UPDATE' && !dialog.confirmed) {
    const id = dialog.earlyId;
    host.serve(id, incoming, transaction, dialog, updateKey(id)).deliver(program);
  } else {
    const served = host.serve(host.newId(), incoming, transaction, dialog);
    if (method === 'INVITE') {
      dialog.accepted?.stop(); // whoever goes on has got our 2xx, even if its ACK was lost
      dialog.invited = served;
      trying(transaction, request, channel);
    }
    served.deliver(program);
  }
}

function refusalInside(host: AgentHost, dialog: Dialog, request: Message): Refusal | undefined {
  const { method } = request;
  const later = [{ name: 'Retry-After', value: String(1 + Math.floor(Math.random() * 9)) }];
  switch (method) {
    case 'INVITE':
      // RFC 3261 §14.2, RFC 4028 §6
      if (dialog.invited !== undefined || !dialog.confirmed) return { status: 500, headers: later };
      if (dialog.inviting !== undefined) return { status: 491 };
      return tooShort(request);
    case 'UPDATE':
      if (!dialog.confirmed && host.isServed(updateKey(dialog.earlyId)))
        return { status: 500, headers: later };
      return tooShort(request);
    case 'PRACK':
      return dialog.invited?.pracked(request.value(Header.rack) ?? '') === true
        ? undefined
        : { status: 481 };
    case 'BYE':
    case 'INFO':
    case 'MESSAGE':
    case 'OPTIONS':
    case 'REFER':
    case 'NOTIFY':
    case 'SUBSCRIBE':
    case 'PUBLISH':
      return undefined;
    default:
      return { status: 501 };
  }
}

function receiveBye(
  host: AgentHost,
  dialog: Dialog,
  incoming: IncomingRequest,
  transaction: ServerTransaction,
): void {
  const { invited, program } = dialog;
  if (!dialog.confirmed && dialog.role === 'uas' && invited !== undefined) {
    // RFC 3261 §15: ends the early dialog; programs know that as a CANCEL
    incoming.answer(200);
    invited.cancelled(incoming.request.list(Header.reason));
    return;
  }
  const served = host.serve(host.newId(), incoming, transaction, dialog);
  host.dialogs.drop(dialog);
  invited?.answerNow(487);
  host.records.stop('network', 'normal-release', incoming.request.wire);
  served.deliver(program);
}

/** An ACK to a 2xx that a program gave. */
export function receiveAck(host: AgentHost, request: Message, channel: Channel): boolean {
  const dialog = host.dialogs.of(request);
  if (dialog === undefined) return false;
  const { accepted, program } = dialog;
  // repeated, because the 2xx was
  if (accepted === undefined || accepted.cseq !== request.cseq) return true;
  dialog.channel = channel;
  if (request.body.startsWith('v=0')) host.dialogs.touch(dialog);
  program.send(
    ['sip', 'network', ...wayOf(request.bodyEnd, channel), accepted.id, dialog.id, ''],
    deliverable(request, channel),
  );
  dialog.proven = true;
  accepted.acknowledged();
  return true;
}

/** RFC 4028 §6: no session is to be refreshed more often than we allow. */
function tooShort(request: Message): Refusal | undefined {
  const asked = readSessionExpires(request);
  return asked !== undefined && asked.seconds < MIN_SE
    ? { status: 422, headers: [{ name: 'Min-SE', value: String(MIN_SE) }] }
    : undefined;
}
