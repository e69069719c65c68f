import { contactUri } from '../../sip/dialog/dialog.ts';
import { dialogIdOf } from '../../sip/dialog/dialog-id.ts';
import { detached } from '../../sip/message/detached.ts';
import { Header } from '../../sip/message/header-name.ts';
import type { Message } from '../../sip/message/message.ts';
import { AcceptedInvite } from './accepted-invite.ts';
import type { AgentHost } from './agent-host.ts';
import { Dialog } from './dialog.ts';
import type { ServedRequest } from './served-request.ts';
import { readSessionExpires, type SessionExpires, SessionTimer } from './session-timer.ts';
import { endsSubscription, secondsOf } from './subscription.ts';
import { type Answer, ownContact } from './write-answer.ts';

/** The dialog that a program's answer makes (RFC 3261 §12.1.1). */
export function openDialog(
  host: AgentHost,
  served: ServedRequest,
  { message, status }: Answer,
): void {
  if (served.dialog !== undefined) return;
  const { request, channel, program, method } = served;
  if (program === undefined || (status < 200 && method !== 'INVITE')) return;
  const { callId, fromTag } = request;
  const dialog = new Dialog({
    id: dialogIdOf(callId, fromTag),
    callId,
    role: 'uas',
    kind: method === 'INVITE' ? 'INVITE' : 'SUBSCRIBE',
    program,
    local: message.value(Header.to) ?? '',
    remote: request.value(Header.from) ?? '',
    localTag: message.toTag,
    remoteTag: fromTag,
    target: contactUri(request) ?? '',
    routes: request.list(Header.recordRoute),
    localCseq: Math.floor(Math.random() * 2 ** 24),
    remoteCseq: request.cseq,
    channel,
    contact: message.value(Header.contact) ?? ownContact(host, served),
    earlyId: served.id,
  });
  dialog.allows = request.header('Allow') ?? '';
  if (method === 'INVITE') dialog.invited = served;
  else dialog.event = detached(request.value(Header.event) ?? '');
  served.dialog = dialog;
  host.dialogs.begin(dialog);
}

/** What a 2xx does to the dialog that it makes or was given in. */
export function accepted(host: AgentHost, served: ServedRequest, { message, wire }: Answer): void {
  const { dialog, request, method, channel, transaction, inDialog } = served;
  const isInvite = method === 'INVITE';
  if (method === 'REGISTER' || method === 'SUBSCRIBE')
    host.contacts.accepted(request, message, channel);
  if (dialog === undefined || dialog.over) return;
  if (served.opensDialog) dialog.confirmed = true;
  if (isInvite) {
    dialog.invited = undefined;
    const contact = message.value(Header.contact);
    if (contact !== undefined) dialog.contact = contact;
    if (message.body.startsWith('v=0')) dialog.localSdp = message.body;
    dialog.accepted = new AcceptedInvite(host, dialog, served.id, request.cseq, wire, transaction);
    host.dialogs.waitsForAck(dialog, transaction.key);
    if (!inDialog) host.records.start('application', 'uas', wire);
  }
  if (inDialog && (isInvite || method === 'UPDATE' || method === 'SUBSCRIBE')) {
    const target = contactUri(request);
    if (target !== undefined && target !== '*') dialog.target = target;
  }
  if (isInvite || method === 'UPDATE') armSession(host, dialog, request, message);
  if (method === 'NOTIFY' && dialog.kind === 'SUBSCRIBE' && endsSubscription(request))
    host.dialogs.drop(dialog);
  else if (method === 'SUBSCRIBE')
    host.dialogs.renew(dialog, secondsOf(message) ?? secondsOf(request) ?? 3600);
  else host.dialogs.touch(dialog);
}

function armSession(host: AgentHost, dialog: Dialog, request: Message, ok: Message): void {
  const agreed: SessionExpires | undefined = readSessionExpires(ok);
  if (agreed === undefined) {
    dialog.session?.agreed();
    return;
  }
  const weRefresh =
    agreed.refresher === 'uas' || (agreed.refresher === undefined && !knowsTimer(request));
  if (dialog.session === undefined)
    dialog.session = new SessionTimer(host, dialog, agreed.seconds, weRefresh);
  else dialog.session.agreed(agreed.seconds, weRefresh);
}

const knowsTimer = (request: Message): boolean =>
  request.list(Header.supported).some((option) => option.toLowerCase() === 'timer');
