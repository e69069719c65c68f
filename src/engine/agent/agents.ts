import { randomUUID } from 'node:crypto';
import type { CallEnd, EndReason } from '../../edge/signaling.ts';
import { contactUri } from '../../sip/dialog/dialog.ts';
import { dialogIdOf } from '../../sip/dialog/dialog-id.ts';
import type { Message } from '../../sip/message/message.ts';
import { asksNextHop } from '../../sip/message/validate.ts';
import { reasonHeader } from '../../sip/proxy/reason-header.ts';
import type { LiveCall } from '../call-table.ts';
import type { IncomingRequest } from '../incoming-request.ts';
import type { Agents, Choice, Command, Holding, Program, Programs } from '../protocol/program.ts';
import { newBranch } from '../random-token.ts';
import type { ServerTransaction } from '../server-transaction.ts';
import { isWildcard } from '../transport/advertised-address.ts';
import type { Channel } from '../transport/transports.ts';
import type { AgentCore, AgentHost, AgentLimits } from './agent-host.ts';
import { CallRecords } from './call-records.ts';
import type { Dialog } from './dialog.ts';
import { Dialogs } from './dialogs.ts';
import { refuse } from './frames.ts';
import { receiveAck, receiveInside, updateKey } from './inside-requests.ts';
import { Proxies } from './proxy/proxies.ts';
import { proxyByChoice, proxyCommand } from './proxy-command.ts';
import { RegisteredContacts } from './registered-contacts.ts';
import { sendCommand, targetFor } from './send-command.ts';
import { SentInvite } from './sent-invite.ts';
import type { Sending, SentRequest } from './sent-request.ts';
import { SentSubscribe } from './sent-subscribe.ts';
import { ServedRequest } from './served-request.ts';
import { trying } from './trying.ts';

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
/** Who the PBX and the trunks are depends on no port. */
const SIP_PORT = 5060;
/** When there may be room again. */
const RETRY_AFTER_SECONDS = 10;

/** What programs do with SIP: their side of transactions and dialogs. */
export class ProgramAgents implements Agents, AgentHost {
  readonly core: AgentCore;
  readonly programs: Programs;
  readonly records: CallRecords;
  readonly proxies: Proxies;
  readonly contacts: RegisteredContacts;
  readonly dialogs = new Dialogs(this);
  readonly limits: AgentLimits;
  /** Requests that wait for a program's answer, by transactionId. */
  readonly #served = new Map<string, ServedRequest>();
  /** Requests of programs that wait for an answer, by transactionId. */
  readonly #sent = new Map<string, SentRequest>();
  /** INVITEs and SUBSCRIBEs that no program has answered, by the dialog they would make. */
  readonly #opening = new Map<string, ServedRequest>();
  /** Those programs have sent, by what a NOTIFY that overtakes the answer says. */
  readonly #subscribing = new Map<string, SentSubscribe>();
  /** Dialog ids of INVITEs that were refused: programs acknowledge even those. */
  readonly #failed = new Set<string>();

  constructor(core: AgentCore, limits: AgentLimits, open: (agents: Agents) => Programs) {
    this.core = core;
    this.limits = limits;
    this.contacts = new RegisteredContacts(limits.contacts, (host) =>
      core.mayReach(host, SIP_PORT, 'core'),
    );
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
    if (asksNextHop(request) || !this.programs.takes(request, channel)) return false;
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
      incoming.answer(503, retryAfter(RETRY_AFTER_SECONDS));
      return;
    }
    const served = this.serve(this.newId(), incoming, transaction);
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

  #chosen(served: ServedRequest, choice: Choice): void {
    if (this.#served.get(served.key) !== served) return; // cancelled meanwhile
    switch (choice.kind) {
      case 'program':
        served.withdrawn = choice.withdrawn;
        if (choice.program.connected) served.deliver(choice.program);
        else served.answerNow(503);
        return;
      case 'reject':
        served.answerNow(choice.status, retryAfter(choice.retryAfterSeconds), choice.reason);
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
      receiveInside(this, dialog, incoming, transaction);
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
          receiveInside(this, made, incoming, transaction);
        } else incoming.answer(481);
      }) ?? false
    );
  }

  /** A call that is carried by the engine is over. */
  callEnded(call: LiveCall, why: CallEnd): void {
    this.proxies.callEnded(call, why);
  }

  /** An ACK to a 2xx that a program gave. */
  ackReceived(request: Message, channel: Channel): boolean {
    return receiveAck(this, request, channel);
  }

  /** A CANCEL that came after our 2xx and before its ACK. */
  cancelledTooLate(transactionKey: string): boolean {
    return this.dialogs.cancelledTooLate(transactionKey);
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
    this.dialogs.endAllOf(program);
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
      this.dialogs.bye(dialog, reasonHeader(reason), 'system-initiated-termination');
    let ended = live.length > 0;
    for (const sent of this.#sent.values())
      if (sent instanceof SentInvite && sent.sending.callId === callId) {
        sent.cancel(`Reason: ${reasonHeader(reason)}\r\n`);
        ended = true;
      }
    return ended;
  }

  close(): void {
    for (const dialog of [...this.dialogs.values()]) this.dialogs.drop(dialog);
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

  serve(
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

  isServed(key: string): boolean {
    return this.#served.has(key);
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
}

const retryAfter = (seconds: number | undefined) =>
  seconds === undefined ? undefined : [{ name: 'Retry-After', value: String(seconds) }];

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
