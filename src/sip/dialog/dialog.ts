import { detached } from '../message/detached.ts';
import { Header } from '../message/header-name.ts';
import type { Message } from '../message/message.ts';
import { parseNameAddress } from '../message/name-address.ts';
import { oneLine } from '../message/rewrite.ts';

export type Side = 'caller' | 'callee';

/** One end of a call as a proxy between them knows it: all that it takes to speak to it in the other's name. */
export interface Party {
  /** Its From or To value, tag and all. */
  readonly header: string;
  readonly tag: string;
  /** Its Contact: where requests to it are addressed. */
  target: string;
  /** The Route set from us to it, nearest first. */
  readonly routes: readonly string[];
  /** The highest CSeq number it used in this dialog, or -1. */
  cseq: number;
}

/**
 * An answered call seen from the middle (RFC 3261 §12), compact, holding on to none of the messages it was
 * learnt from. It knows enough to end the call on both sides as each expects from the other.
 */
export interface Dialog {
  readonly callId: string;
  readonly caller: Party;
  readonly callee: Party;
  /** Seconds after which it counts as dead unless refreshed (RFC 4028), 0 for never. */
  sessionSeconds: number;
}

/** From the INVITE as the caller sent it to us and the 2xx as the callee sent it to us. `isOurs` tells our Record-Routes. */
export function openDialog(
  invite: Message,
  ok: Message,
  isOurs: (recordRoute: string) => boolean,
): Dialog {
  const answered = ok.list(Header.recordRoute);
  const ours = answered.findIndex(isOurs);
  const beyond = ours < 0 ? [] : answered.slice(0, ours).reverse();
  return {
    // the callee may write what he likes there: it would be another's call that ends with his
    callId: detached(invite.callId),
    caller: party(invite.fromTag, Header.from, invite, invite.list(Header.recordRoute), ok.cseq),
    callee: party(ok.toTag, Header.to, ok, beyond, -1),
    sessionSeconds: sessionSeconds(ok),
  };
}

/** A further dialog of the same INVITE, from another of the phones it forked to (RFC 3261 §13.2.2.4). */
export function forkDialog(
  dialog: Dialog,
  ok: Message,
  isOurs: (recordRoute: string) => boolean,
): Dialog {
  return { ...openDialog(ok, ok, isOurs), caller: { ...dialog.caller } };
}

function party(
  tag: string,
  named: typeof Header.from | typeof Header.to,
  said: Message,
  routes: readonly string[],
  cseq: number,
): Party {
  return {
    // each as it wrote itself: a phone that echoes the PBX wrongly would make a BYE that the PBX cannot read
    header: detached(said.value(named) ?? ''),
    tag: detached(tag),
    target: contactUri(said) ?? '',
    routes: routes.map(detached),
    cseq,
  };
}

/** Which side sent this request, undefined when its tags are not this dialog's. */
export function senderOf(dialog: Dialog, request: Message): Side | undefined {
  const { fromTag, toTag } = request;
  if (fromTag === dialog.caller.tag && toTag === dialog.callee.tag) return 'caller';
  if (fromTag === dialog.callee.tag && toTag === dialog.caller.tag) return 'callee';
  return undefined;
}

/** Takes note of a request in the dialog. */
export function noteRequest(dialog: Dialog, request: Message, from: Side): void {
  const party = dialog[from];
  if (request.cseq > party.cseq) party.cseq = request.cseq;
}

/** More than any call has PRACKs and UPDATEs before its answer. */
const EARLY_REQUESTS = 1000;

/** Requests passed before the dialog was known: ours must be numbered above them, and gaps are allowed (RFC 3261 §12.2.2). */
export function skipSequence(dialog: Dialog): void {
  dialog.caller.cseq += EARLY_REQUESTS;
  dialog.callee.cseq += EARLY_REQUESTS;
}

/** A re-INVITE or UPDATE was accepted: new Contacts count (RFC 3261 §12.2, RFC 3311), and the session lives on (RFC 4028). */
export function noteRefresh(
  dialog: Dialog,
  from: Side,
  askerContact: string | undefined,
  ok: Message,
): void {
  if (askerContact !== undefined) dialog[from].target = askerContact;
  const answered = contactUri(ok);
  if (answered !== undefined) dialog[otherSide(from)].target = answered;
  dialog.sessionSeconds = sessionSeconds(ok);
}

export const otherSide = (side: Side): Side => (side === 'caller' ? 'callee' : 'caller');

const nextSequence = ({ cseq }: Party): number => Math.max(cseq, 0) + 1;

/** The first Contact's URI, holding on to nothing else. */
export function contactUri(message: Message): string | undefined {
  const contact = message.find(Header.contact) < 0 ? undefined : message.list(Header.contact)[0];
  const uri = contact === undefined ? undefined : parseNameAddress(contact)?.uri;
  return uri === undefined ? undefined : detached(uri);
}

/** RFC 4028 §9: what was agreed stands in the 2xx. */
function sessionSeconds(ok: Message): number {
  const value = ok.value(Header.sessionExpires);
  if (value === undefined) return 0;
  const seconds = Number.parseInt(value, 10);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 86_400) : 0;
}

/**
 * The BYE that ends the call for one side, as if the other had sent it (RFC 3261 §15.1.1): the other's next
 * CSeq, its tag in From, and this side's Contact and route set. `sequence` is for one that was refused: the other may
 * have used numbers that we did not see.
 */
export function bye(
  dialog: Dialog,
  to: Side,
  via: string,
  reason: string,
  sequence = nextSequence(dialog[otherSide(to)]),
): string {
  const recipient = dialog[to];
  const sender = dialog[otherSide(to)];
  let out = `BYE ${oneLine(recipient.target)} SIP/2.0\r\nVia: ${via}\r\nMax-Forwards: 70\r\n`;
  for (const route of recipient.routes) out += `Route: ${oneLine(route)}\r\n`;
  return (
    `${out}From: ${sender.header}\r\nTo: ${recipient.header}\r\nCall-ID: ${dialog.callId}\r\n` +
    `CSeq: ${sequence} BYE\r\nReason: ${oneLine(reason)}\r\nContent-Length: 0\r\n\r\n`
  );
}
