import { randomUUID } from 'node:crypto';
import type { CallEnd, EndReason } from '../../edge/signaling.ts';
import { contactUri } from '../../sip/dialog/dialog.ts';
import { Header } from '../../sip/message/header-name.ts';
import type { Message } from '../../sip/message/message.ts';
import { respond } from '../../sip/proxy/respond.ts';
import type { LiveCall } from '../call-table.ts';
import type { Core } from '../core.ts';
import { reasonHeader } from '../end-call.ts';
import type { IncomingRequest } from '../incoming-request.ts';
import type { Agents, Choice, Command, Holding, Program, Programs } from '../protocol/program.ts';
import { newBranch } from '../random-token.ts';
import type { ServerTransaction } from '../server-transaction.ts';
import { isWildcard } from '../transport/advertised-address.ts';
import type { Channel } from '../transport/transports.ts';
import { CallRecords, type StopReason } from './call-records.ts';
import { type Dialog, DialogTable, dialogIdOf } from './dialog.ts';
import { deliverable, refuse, wayOf } from './frames.ts';
import { sendInside, tellUnsolicited, viaToward } from './inside.ts';
import { Proxies } from './proxy/proxies.ts';
import { proxyByChoice, proxyCommand } from './proxy-command.ts';
import { RegisteredContacts } from './registered-contacts.ts';
import { sendCommand, targetFor } from './send-command.ts';
import { SentInvite } from './sent-invite.ts';
import type { Sending, SentRequest } from './sent-request.ts';
import { SentSubscribe } from './sent-subscribe.ts';
import { ServedRequest } from './served-request.ts';
import { MIN_SE, readSessionExpires } from './session-timer.ts';

export interface AgentLimits {
  readonly dialogs: number;
  /** Requests that programs have sent and that have no final answer. */
  readonly requests: number;
  readonly contacts: number;
  /** How long a dialog is remembered in which nothing happens. */
  forgetAfterMs(): number;
  /** How long a program may say nothing to a request; by default what its method allows. */
  readonly silenceMs?: number;
}

/** What the engine has beyond what its parts share. */
export interface AgentCore extends Core {
  /** Is there somebody, as far as we know, who gets what goes to this channel? */
  hears(channel: Channel): boolean;
}

/** What the parts of the agents share. */
export interface AgentHost {
  readonly core: AgentCore;
  readonly programs: Programs;
  readonly records: CallRecords;
  readonly proxies: Proxies;
  readonly contacts: RegisteredContacts;
  readonly dialogs: DialogTable;
  readonly limits: AgentLimits;
  newId(): string;
  /** May programs have one more request, and one more dialog if it makes one? */
  hasRoom(makesDialog: boolean): boolean;
  /** The wire as it would go out, for its form's sake. */
  composeUnsent(sending: Sending): string;
  /** Where this was received, as programs are told. */
  localAddress(channel: Channel): { readonly address: string; readonly port: number };
  /** It has been answered, or is no longer the program's to answer. */
  forget(served: ServedRequest): void;
  /** It has its final answer. */
  forgetSent(sent: SentRequest): void;
  /** A program's request from now on, until its final answer. */
  launch(sent: SentRequest): void;
  /** Puts a dialog where its requests and commands find it; no effect on one that is there. */
  begin(dialog: Dialog): void;
  /** Something happened in it. */
  touch(dialog: Dialog): void;
  /** A subscription was granted for so long; it is forgotten a while after that, unless it is renewed. */
  renew(dialog: Dialog, seconds: number): void;
  /** It is over, and everybody knows. */
  drop(dialog: Dialog): void;
  /** Ends it: BYE to the other side, and the program is told. */
  end(dialog: Dialog, why: string, record?: StopReason): void;
  /** Tells the program that a dialog is over, by a BYE that nobody sent. */
  tellGone(dialog: Dialog, why: string): void;
  /** Our 2xx waits for its ACK: a CANCEL would come too late. */
  waitsForAck(dialog: Dialog, transactionKey: string): void;
  acknowledged(transactionKey: string): void;
}

/** What is delivered outside a dialog; others make no sense there, or are nothing we know. */
const opening: ReadonlySet<string> = new Set([
  'INVITE',
  'REGISTER',
  'MESSAGE',
  'OPTIONS',
  'INFO',
  'NOTIFY',
  'SUBSCRIBE',
  'PUBLISH',
  'REFER',
]);
const inDialogOnly: ReadonlySet<string> = new Set(['BYE', 'UPDATE', 'PRACK']);
const MOST_FAILED = 1024;
/** The last NOTIFY may be under way when a subscription is over. */
const SUBSCRIPTION_GRACE_MS = 64_000;
/** How many dialogs of a lost program are ended in one go. */
const ENDED_PER_TURN = 64;

/** What programs do with SIP: their side of transactions and dialogs. */
export class ProgramAgents implements Agents, AgentHost {
  readonly core: AgentCore;
  readonly programs: Programs;
  readonly records: CallRecords;
  readonly proxies: Proxies;
  readonly contacts: RegisteredContacts;
  readonly dialogs = new DialogTable();
  readonly limits: AgentLimits;
  /** Requests that wait for a program's answer, by transactionId. */
  readonly #served = new Map<string, ServedRequest>();
  /** Requests of programs that wait for an answer, by transactionId. */
  readonly #sent = new Map<string, SentRequest>();
  /** INVITEs and SUBSCRIBEs that no program has answered, by the dialog they would make. */
  readonly #opening = new Map<string, ServedRequest>();
  /** Those programs have sent, by what a NOTIFY that overtakes the answer says. */
  readonly #subscribing = new Map<string, SentSubscribe>();
  /** Dialogs whose 2xx has no ACK yet, by the INVITE's transaction. */
  readonly #unacknowledged = new Map<string, Dialog>();
  /** Dialog ids of INVITEs that were refused: programs acknowledge even those. */
  readonly #failed = new Set<string>();

  constructor(core: AgentCore, limits: AgentLimits, open: (agents: Agents) => Programs) {
    this.core = core;
    this.limits = limits;
    this.contacts = new RegisteredContacts(limits.contacts);
    this.programs = open(this);
    this.records = new CallRecords(this.programs);
    this.proxies = new Proxies(core, this.records, (uri) =>
      targetFor(this, uri, this.contacts.channelTo(uri)),
    );
  }

  // --- what the network brings

  /** Is this request for the programs? Then it is theirs from here on. */
  requestReceived(incoming: IncomingRequest, transaction: ServerTransaction): boolean {
    const { request, channel } = incoming;
    if (request.toTag !== '' && request.method !== 'REGISTER')
      return (
        (incoming.found === undefined && this.#insideReceived(incoming, transaction)) ||
        this.proxies.requestReceived(incoming)
      );
    if (!this.programs.takes(request, channel)) return false;
    this.#newReceived(incoming, transaction);
    return true;
  }

  #newReceived(incoming: IncomingRequest, transaction: ServerTransaction): void {
    const { request, channel } = incoming;
    const { method } = request;
    if (inDialogOnly.has(method)) {
      incoming.answer(481);
      return;
    }
    if (!opening.has(method)) {
      incoming.answer(501, [{ name: 'Allow', value: [...opening].join(', ') }]);
      return;
    }
    const problem = problemOf(request);
    if (problem !== undefined) {
      incoming.answer(400, undefined, `Bad Request (${problem})`);
      return;
    }
    const makesDialog = method === 'INVITE' || method === 'SUBSCRIBE';
    const dialogId = dialogIdOf(request.callId, request.fromTag);
    if (makesDialog && this.#isMerged(request, dialogId)) {
      incoming.answer(482);
      return;
    }
    if (makesDialog && this.dialogs.size + this.#opening.size >= this.limits.dialogs) {
      incoming.answer(503, [{ name: 'Retry-After', value: '10' }]);
      return;
    }
    const served = this.#serve(randomUUID(), incoming, transaction);
    if (makesDialog) this.#opening.set(dialogId, served);
    if (method === 'INVITE') trying(transaction, request, channel);
    this.programs.choose(request, channel, (choice) => this.#chosen(served, choice));
  }

  /** RFC 3261 §8.2.2.2: the same request by another way, or one that would take over a dialog. */
  #isMerged(request: Message, dialogId: string): boolean {
    const pending = this.#opening.get(dialogId);
    if (pending !== undefined) return true;
    const dialog = this.dialogs.withId(dialogId);
    if (dialog === undefined) return false;
    if (request.method === 'INVITE' || dialog.kind === 'INVITE') return true;
    return dialog.remoteCseq >= request.cseq;
  }

  #serve(
    id: string,
    incoming: IncomingRequest,
    transaction: ServerTransaction,
    dialog?: Dialog,
    key = id,
  ): ServedRequest {
    const served = new ServedRequest(this, { id, key }, incoming, transaction, dialog);
    transaction.user = served;
    this.#served.set(key, served);
    return served;
  }

  #chosen(served: ServedRequest, choice: Choice): void {
    if (this.#served.get(served.key) !== served) return; // cancelled meanwhile
    switch (choice.kind) {
      case 'program':
        served.withdrawn = choice.withdrawn;
        if (choice.program.connected) served.deliver(choice.program);
        else served.answerNow(503);
        return;
      case 'reject':
        served.answerNow(choice.status, undefined, choice.reason);
        return;
      case 'redirect':
        served.answerNow(
          302,
          choice.contacts.map((uri) => ({
            name: 'Contact',
            value: uri.includes('<') ? uri : `<${uri}>`,
          })),
        );
        return;
      case 'proxy':
        proxyByChoice(this, choice, served);
        return;
    }
  }

  #insideReceived(incoming: IncomingRequest, transaction: ServerTransaction): boolean {
    const { request, channel } = incoming;
    const dialog = this.dialogs.of(request);
    if (dialog !== undefined) {
      this.#inside(dialog, incoming, transaction);
      return true;
    }
    const subscribing =
      request.method === 'NOTIFY'
        ? this.#subscribing.get(`${request.callId}\n${request.toTag}`)
        : undefined;
    return (
      subscribing?.hold((made) => {
        if (made !== undefined && made.remoteTag === request.fromTag) {
          made.channel = channel;
          this.#inside(made, incoming, transaction);
        } else incoming.answer(481);
      }) ?? false
    );
  }

  /** A request in a program's dialog. */
  #inside(dialog: Dialog, incoming: IncomingRequest, transaction: ServerTransaction): void {
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
    this.touch(dialog);
    const refusal = this.#refusalInside(dialog, request);
    if (refusal !== undefined) {
      incoming.answer(refusal.status, refusal.headers);
      return;
    }
    if (method === 'BYE') this.#byeReceived(dialog, incoming, transaction);
    else if (method === 'PRACK') {
      const served = this.#serve(randomUUID(), incoming, transaction, dialog);
      served.deliver(program);
      dialog.invited?.continue();
    } else if (method === 'UPDATE' && !dialog.confirmed) {
      const id = dialog.earlyId;
      this.#serve(id, incoming, transaction, dialog, updateKey(id)).deliver(program);
    } else {
      const served = this.#serve(randomUUID(), incoming, transaction, dialog);
      if (method === 'INVITE') {
        dialog.accepted?.stop(); // whoever goes on has got our 2xx, even if its ACK was lost
        dialog.invited = served;
        trying(transaction, request, channel);
      }
      served.deliver(program);
    }
  }

  #refusalInside(dialog: Dialog, request: Message): Refusal | undefined {
    const { method } = request;
    const later = [{ name: 'Retry-After', value: String(1 + Math.floor(Math.random() * 9)) }];
    switch (method) {
      case 'INVITE':
        // RFC 3261 §14.2, RFC 4028 §6
        if (dialog.invited !== undefined || !dialog.confirmed)
          return { status: 500, headers: later };
        if (dialog.inviting !== undefined) return { status: 491 };
        return tooShort(request);
      case 'UPDATE':
        if (!dialog.confirmed && this.#served.has(updateKey(dialog.earlyId)))
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

  #byeReceived(dialog: Dialog, incoming: IncomingRequest, transaction: ServerTransaction): void {
    const { invited, program } = dialog;
    if (!dialog.confirmed && dialog.role === 'uas' && invited !== undefined) {
      // RFC 3261 §15: ends the early dialog; programs know that as a CANCEL
      incoming.answer(200);
      invited.cancelled(incoming.request.list(Header.reason));
      return;
    }
    const served = this.#serve(randomUUID(), incoming, transaction, dialog);
    this.drop(dialog);
    invited?.answerNow(487);
    this.records.stop('network', 'normal-release', incoming.request.wire);
    served.deliver(program);
  }

  /** A call that is carried by the engine is over. */
  callEnded(call: LiveCall, why: CallEnd): void {
    this.proxies.callEnded(call, why);
  }

  /** An ACK to a 2xx that a program gave. */
  ackReceived(request: Message, channel: Channel): boolean {
    const dialog = this.dialogs.of(request);
    if (dialog === undefined) return false;
    const { accepted, program } = dialog;
    // repeated, because the 2xx was
    if (accepted === undefined || accepted.cseq !== request.cseq) return true;
    dialog.channel = channel;
    if (request.body.startsWith('v=0')) this.touch(dialog);
    program.send(
      ['sip', 'network', ...wayOf(request.bodyEnd, channel), accepted.id, dialog.id, ''],
      deliverable(request, channel),
    );
    dialog.proven = true;
    accepted.acknowledged();
    return true;
  }

  /** A CANCEL that came after our 2xx and before its ACK: the call is not wanted. */
  cancelledTooLate(transactionKey: string): boolean {
    const dialog = this.#unacknowledged.get(transactionKey);
    if (dialog === undefined) return false;
    this.end(dialog, 'CANCEL after 200 OK');
    return true;
  }

  // --- what programs ask for

  command(program: Program, command: Command): void {
    try {
      this.#command(program, command);
    } catch (problem) {
      this.core.fault(problem);
      refuse(program, command.id, 'Server error: a fault in the gate itself');
    }
  }

  #command(program: Program, command: Command): void {
    const { transactionId } = command;
    if (command.kind === 'proxy') {
      const served = this.#served.get(transactionId);
      if (served === undefined || served.program !== program)
        refuse(program, command.id, `Unknown transaction id: ${transactionId}`);
      else proxyCommand(this, program, command, served);
      return;
    }
    if (!command.text.startsWith('SIP/')) {
      sendCommand(this, program, command, {
        sent: this.#sent.get(transactionId),
        failed: this.#failed.has(command.dialogId),
      });
      return;
    }
    const answersUpdate = /^cseq[ \t]*:[ \t]*\d+[ \t]+UPDATE/im.test(headOf(command.text));
    const served =
      (answersUpdate ? this.#served.get(updateKey(transactionId)) : undefined) ??
      this.#served.get(transactionId);
    if (served === undefined || served.program !== program)
      refuse(program, command.id, 'Response not sent due to unknown transaction');
    else served.answer(program, command);
  }

  lost(program: Program): void {
    for (const served of [...this.#served.values()])
      if (served.program === program) served.answerNow(served.method === 'BYE' ? 200 : 503);
    for (const sent of [...this.#sent.values()]) if (sent.program === program) sent.abandon();
    const left = [...this.dialogs.values()].filter((dialog) => dialog.program === program);
    this.#endSome(left);
  }

  /** Many calls end at once: packets must not wait for all their BYEs. */
  #endSome(left: Dialog[]): void {
    for (const dialog of left.splice(0, ENDED_PER_TURN))
      this.end(dialog, 'The program is gone', 'system-error-initiated-termination');
    if (left.length > 0) setImmediate(() => this.#endSome(left));
  }

  holdings(): ReadonlyMap<Program, Holding> {
    const holdings = new Map<Program, { -readonly [what in keyof Holding]: number }>();
    const count = (program: Program | undefined, what: keyof Holding): void => {
      if (program === undefined) return;
      const held = holdings.get(program) ?? { requests: 0, calls: 0, subscriptions: 0 };
      held[what]++;
      holdings.set(program, held);
    };
    for (const { program } of this.#served.values()) count(program, 'requests');
    for (const { program } of this.#sent.values()) count(program, 'requests');
    for (const { program, kind } of this.dialogs.values())
      count(program, kind === 'INVITE' ? 'calls' : 'subscriptions');
    return holdings;
  }

  callIds(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const { kind, confirmed, callId } of this.dialogs.values())
      if (kind === 'INVITE' && confirmed) ids.add(callId);
    return ids;
  }

  // --- what the engine asks for

  /** Ends whatever has this Call-ID. */
  endCall(callId: string, reason: EndReason): boolean {
    const live = [...this.dialogs.values()].filter(
      (dialog) => dialog.callId === callId && dialog.confirmed,
    );
    for (const dialog of live)
      this.#bye(dialog, reasonHeader(reason), 'system-initiated-termination');
    let ended = live.length > 0;
    for (const sent of this.#sent.values())
      if (sent instanceof SentInvite && sent.sending.callId === callId) {
        sent.cancel(`Reason: ${reasonHeader(reason)}\r\n`);
        ended = true;
      }
    return ended;
  }

  close(): void {
    for (const dialog of [...this.dialogs.values()]) this.drop(dialog);
    this.#served.clear();
    this.#sent.clear();
  }

  // --- what the parts ask for

  newId(): string {
    return randomUUID();
  }

  localAddress(channel: Channel): {
    readonly address: string;
    readonly port: number;
  } {
    const { listener } = channel;
    if (!isWildcard(listener.address)) return listener;
    const { hostPort } = this.core.names.toward(channel);
    return { address: hostPort.slice(0, hostPort.lastIndexOf(':')), port: listener.port };
  }

  hasRoom(makesDialog: boolean): boolean {
    if (this.#sent.size >= this.limits.requests) return false;
    return !makesDialog || this.dialogs.size + this.#opening.size < this.limits.dialogs;
  }

  composeUnsent(sending: Sending): string {
    const any = { hostPort: 'gate.invalid', address: 'gate.invalid' };
    return sending.compose(`SIP/2.0/UDP gate.invalid;branch=${newBranch()}`, any);
  }

  forget(served: ServedRequest): void {
    if (this.#served.get(served.key) === served) this.#served.delete(served.key);
    const { callId, fromTag } = served.request;
    const opens = dialogIdOf(callId, fromTag);
    if (this.#opening.get(opens) === served) this.#opening.delete(opens);
  }

  launch(sent: SentRequest): void {
    this.#sent.set(sent.id, sent);
    if (sent instanceof SentSubscribe) this.#subscribing.set(sent.notifyKey, sent);
    sent.start();
  }

  forgetSent(sent: SentRequest): void {
    this.#sent.delete(sent.id);
    if (sent instanceof SentSubscribe) this.#subscribing.delete(sent.notifyKey);
    else if (sent.method === 'INVITE' && sent.sending.dialog === undefined) {
      if (this.#failed.size >= MOST_FAILED) this.#failed.clear();
      this.#failed.add(sent.sending.dialogId);
    }
  }

  begin(dialog: Dialog): void {
    this.dialogs.add(dialog);
    this.touch(dialog);
  }

  touch(dialog: Dialog): void {
    if (dialog.kind === 'INVITE' || dialog.silence === undefined)
      this.#keep(dialog, this.limits.forgetAfterMs());
  }

  renew(dialog: Dialog, seconds: number): void {
    const ms = seconds * 1000 + SUBSCRIPTION_GRACE_MS;
    this.#keep(dialog, Math.min(ms, this.limits.forgetAfterMs()));
  }

  #keep(dialog: Dialog, ms: number): void {
    if (dialog.over) return;
    const { wheel } = this.core;
    if (dialog.silence === undefined)
      dialog.silence = wheel.start(ms, () => this.end(dialog, 'Nothing heard'), dialog);
    else wheel.restart(dialog.silence, ms);
  }

  drop(dialog: Dialog): void {
    if (dialog.over) return;
    dialog.over = true;
    this.dialogs.remove(dialog);
    if (dialog.silence !== undefined) this.core.wheel.stop(dialog.silence);
    dialog.session?.stop();
    dialog.accepted?.stop();
  }

  end(dialog: Dialog, why: string, record?: StopReason): void {
    const reason = `SIP;cause=200;text="${why}"`;
    this.#bye(
      dialog,
      reason,
      record ?? (/^Session/.test(why) ? 'session-expired' : 'system-initiated-termination'),
    );
  }

  #bye(dialog: Dialog, reason: string, record: StopReason): void {
    if (dialog.over) return;
    if (dialog.kind === 'INVITE' && dialog.confirmed) {
      dialog.inviting?.cancel();
      const headers = `Reason: ${reason}\r\n`;
      const proven = dialog.proven || dialog.role === 'uac' || this.core.hears(dialog.channel);
      if (proven) sendInside(this, dialog, { method: 'BYE', headers });
      else dialog.localCseq++;
      const cseq = dialog.localCseq;
      const bye = dialog.write({ method: 'BYE', cseq, via: viaToward(this, dialog), headers });
      // once, and not ten times more: whoever never acknowledged may be nobody
      if (!proven) dialog.channel.send(Buffer.from(bye, 'latin1'));
      this.records.stop('application', record, bye);
      tellUnsolicited(this, dialog, bye);
    }
    this.drop(dialog);
  }

  tellGone(dialog: Dialog, why: string): void {
    const headers = `Reason: SIP;cause=200;text="${why}"\r\n`;
    const cseq = dialog.localCseq + 1;
    const via = viaToward(this, dialog);
    tellUnsolicited(this, dialog, dialog.write({ method: 'BYE', cseq, via, headers }));
  }

  waitsForAck(dialog: Dialog, transactionKey: string): void {
    this.#unacknowledged.set(transactionKey, dialog);
  }

  acknowledged(transactionKey: string): void {
    this.#unacknowledged.delete(transactionKey);
  }
}

interface Refusal {
  readonly status: number;
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
}

/** An UPDATE before the INVITE's answer has the INVITE's transactionId, and a place of its own. */
const updateKey = (id: string): string => `${id} UPDATE`;

/** The start line and headers. */
function headOf(text: string): string {
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? text : text.slice(0, end);
}

/** What would break a program's framing, or drachtio-srf itself. */
function problemOf(request: Message): string | undefined {
  const { method, callId, fromTag } = request;
  if (callId.includes('|')) return 'Call-ID';
  if (fromTag.includes('|') || /[\r\n]/.test(fromTag)) return 'From tag';
  if (method !== 'INVITE' && method !== 'SUBSCRIBE') return undefined;
  if (fromTag === '') return 'From without a tag';
  const contact = contactUri(request);
  return contact === undefined || contact === '*' ? 'Contact' : undefined;
}

/** RFC 4028 §6: no session is to be refreshed more often than we allow. */
function tooShort(request: Message): Refusal | undefined {
  const asked = readSessionExpires(request);
  return asked !== undefined && asked.seconds < MIN_SE
    ? { status: 422, headers: [{ name: 'Min-SE', value: String(MIN_SE) }] }
    : undefined;
}

function trying(transaction: ServerTransaction, request: Message, channel: Channel): void {
  const { address, port } = channel;
  transaction.answer(100, respond(request, { status: 100, toTag: '', address, port }));
}
