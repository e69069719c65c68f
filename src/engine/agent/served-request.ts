import { dialogIdOf } from '../../sip/dialog/dialog-id.ts';
import { Header } from '../../sip/message/header-name.ts';
import type { Message } from '../../sip/message/message.ts';
import { headerParameter, parseNameAddress } from '../../sip/message/name-address.ts';
import type { HeaderChange } from '../../sip/message/rewrite.ts';
import { cancelFor } from '../../sip/proxy/ack-and-cancel.ts';
import { respond } from '../../sip/proxy/respond.ts';
import type { IncomingRequest } from '../incoming-request.ts';
import type { Program, SipCommand } from '../protocol/program.ts';
import { canCallBack } from '../send-back.ts';
import type { ServerTransaction, ServerTransactionUser } from '../server-transaction.ts';
import type { Timer } from '../timer-wheel.ts';
import type { Channel } from '../transport/transports.ts';
import type { AgentHost } from './agent-host.ts';
import { accepted, openDialog } from './answered-dialog.ts';
import { type AppMessage, appHeader, readAppMessage } from './app-headers.ts';
import type { Dialog } from './dialog.ts';
import { confirm, deliverable, refuse, wayOf } from './frames.ts';
import { ReliableAnswers } from './reliable-answers.ts';
import { type Answer, lists, writeAnswer } from './write-answer.ts';

/** As long as drachtio remembers a request that no program answers. */
const INVITE_SILENCE_MS = 64_000;
/** Others have given up by their timer F, in 32 seconds; who is told before that tries elsewhere. */
const SILENCE_MS = 30_000;

const UNKNOWN = 'Response not sent due to unknown transaction';
const BROKEN = 'Unknown server error sending response';
/** A request from the network that a program is to answer, from its arrival to its final answer. */
export class ServedRequest implements ServerTransactionUser {
  /** As programs know it. */
  readonly id: string;
  /** As the table knows it: an UPDATE has its INVITE's id (see `updateKey`). */
  readonly key: string;
  readonly incoming: IncomingRequest;
  readonly transaction: ServerTransaction;
  /** Whose it is; undefined while that is being found out. */
  program: Program | undefined;
  /** The one it came in, or that it makes. */
  dialog: Dialog | undefined;
  /** To be called when the caller gives up: the program then need say nothing. */
  withdrawn: (() => void) | undefined;
  readonly #host: AgentHost;
  /** It came in one. */
  readonly inDialog: boolean;
  #reliable: ReliableAnswers | undefined;
  readonly #patience: Timer;
  /** The program has said what it will be; it may still wait for a PRACK. */
  #decided = false;
  #over = false;
  #rang = false;
  #attempted = false;

  constructor(
    host: AgentHost,
    ids: { readonly id: string; readonly key: string },
    incoming: IncomingRequest,
    transaction: ServerTransaction,
    dialog?: Dialog,
  ) {
    this.#host = host;
    this.id = ids.id;
    this.key = ids.key;
    this.incoming = incoming;
    this.transaction = transaction;
    this.dialog = dialog;
    this.inDialog = dialog !== undefined;
    const ms = transaction.isInvite ? INVITE_SILENCE_MS : SILENCE_MS;
    this.#patience = host.core.wheel.start(ms, patience, this);
  }

  get request(): Message {
    return this.incoming.request;
  }
  get channel(): Channel {
    return this.incoming.channel;
  }
  get method(): string {
    return this.request.method;
  }
  get #isInvite(): boolean {
    return this.transaction.isInvite;
  }
  get opensDialog(): boolean {
    return !this.inDialog && (this.#isInvite || this.method === 'SUBSCRIBE');
  }

  /** Gives it to the program that is to answer it. */
  deliver(program: Program): void {
    this.program = program;
    const { request, channel, dialog } = this;
    const { address, port } = this.#host.localAddress(channel);
    program.send(
      [
        'sip',
        'network',
        ...wayOf(request.bodyEnd, channel),
        this.id,
        ...(this.inDialog && dialog !== undefined ? [dialog.id, ''] : ['', address, port, '']),
      ],
      deliverable(request, channel),
    );
  }

  /** What the program has to say to it. */
  answer(program: Program, command: SipCommand): void {
    if (this.#decided || this.#over) {
      refuse(program, command.id, UNKNOWN);
      return;
    }
    const app = readAppMessage(command.text);
    const [, digits = '', reason = ''] = /^SIP\/2\.0 (\d{3})(?: (.*))?$/.exec(app.startLine) ?? [];
    const status = Number(digits);
    if (status < 100 || status > 699) {
      refuse(program, command.id, BROKEN);
      return;
    }
    const reliable =
      this.#isInvite &&
      status > 100 &&
      status < 200 &&
      (lists(appHeader(app, 'require') ?? '', '100rel') || this.#peerRequiresReliable());
    if (reliable && !this.#peerKnowsReliable()) {
      refuse(program, command.id, 'Remote endpoint does not support 100rel');
      return;
    }
    const { replyTo } = this.transaction;
    if (!replyTo.open && !canCallBack(replyTo)) {
      refuse(program, command.id, 'transport for response has been shutdown or closed');
      return;
    }
    this.#takeTag(app);
    const rseq = reliable ? this.#reliableAnswers().next : undefined;
    const answer = writeAnswer(this.#host, this, app, { status, reason, rseq });
    if (answer === undefined) {
      refuse(program, command.id, BROKEN);
      return;
    }
    if (rseq !== undefined && !this.#reliableAnswers().hasRoom) {
      refuse(program, command.id, 'too many reliable answers that wait for their PRACK');
      return;
    }
    this.#recordAttempt();
    if (status > 100 && status < 300 && this.opensDialog) openDialog(this.#host, this, answer);
    this.#confirm(program, command.id, answer);
    this.#pass(answer, rseq);
  }

  /** Answers it by ourselves, once; the program's own answer comes too late then. */
  answerNow(status: number, headers?: readonly HeaderChange[], reason?: string): void {
    if (this.#over) return;
    this.#recordAttempt();
    const wire = this.#end(status, headers, reason);
    if (status >= 300 && this.#isInvite && !this.inDialog)
      this.#host.records.stop('application', 'call-rejected', wire);
  }

  #end(status: number, headers?: readonly HeaderChange[], reason?: string): string {
    const { address, port } = this.channel;
    const wire = respond(this.request, {
      status,
      toTag: this.transaction.toTag,
      address,
      port,
      ...(headers !== undefined && { headers }),
      ...(reason !== undefined && { reason }),
    });
    this.#finish();
    this.transaction.answer(status, wire);
    this.#dropEarly();
    return wire;
  }

  /**
   * It is no longer for the program to answer but to be forwarded: `incoming` has it from now on, its CANCEL
   * and the loss of its caller included.
   */
  handOver(): IncomingRequest {
    this.#recordAttempt();
    this.#finish();
    this.#dropEarly();
    this.transaction.user = this.incoming;
    return this.incoming;
  }

  /** The PRACK to one of its answers: false when it is to none that waits for one. */
  pracked(rack: string): boolean {
    return this.#reliable?.pracked(rack, this.request.cseq) ?? false;
  }

  /** The program has been given that PRACK. */
  continue(): void {
    this.#reliable?.continue();
  }

  /** Once it is decided what becomes of it. */
  #recordAttempt(): void {
    if (this.#attempted || !this.#isInvite || this.inDialog) return;
    this.#attempted = true;
    this.#host.records.attempt('network', this.request.wire);
  }

  // --- what the transaction reports

  cancelled(reasons: readonly string[], cancel?: Message): void {
    if (this.#over) return;
    this.withdrawn?.();
    const text =
      cancel === undefined
        ? cancelFor(this.request.wire, reasons)
        : deliverable(cancel, this.channel);
    const decided = this.#decided;
    this.#recordAttempt();
    if (!this.inDialog) this.#host.records.stop('network', 'call-canceled', text);
    this.#end(487);
    this.#tellEnded(text, decided, 'CANCEL');
  }

  callerLost(): void {
    if (this.#isInvite) this.cancelled(['SIP;cause=487;text="Connection to the caller lost"']);
    else {
      this.#finish();
      this.transaction.drop();
    }
  }

  /** It was to be answered by now. */
  waitedLong(): void {
    if (this.method === 'BYE') {
      this.answerNow(200);
      return;
    }
    const decided = this.#decided;
    const cancel = cancelFor(this.request.wire, ['SIP;cause=408;text="No answer"']);
    this.answerNow(this.#rang ? 408 : 503);
    if (this.#isInvite) this.#tellEnded(cancel, decided, 'No answer');
  }

  /** A reliable answer was never acknowledged (RFC 3262 §3). */
  neverPracked(): void {
    const decided = this.#decided;
    const cancel = cancelFor(this.request.wire, ['SIP;cause=504;text="PRACK timeout"']);
    this.answerNow(504);
    this.#tellEnded(cancel, decided, 'PRACK timeout');
  }

  /** The program learns that its caller is gone: by CANCEL, or by BYE where it believes to have answered. */
  #tellEnded(cancel: string, decided: boolean, why: string): void {
    const { program, dialog } = this;
    if (program === undefined) return;
    if (decided && dialog !== undefined && !this.inDialog) this.#host.dialogs.tellGone(dialog, why);
    else
      program.send(
        ['sip', 'network', ...wayOf(cancel.length, this.channel), this.id, dialog?.id ?? '', ''],
        cancel,
      );
  }

  // --- how an answer is put together

  /** The tag of the program's first answer, when it chose one, is ours from then on. */
  #takeTag(app: AppMessage): void {
    if (this.#rang || this.inDialog) return;
    const to = parseNameAddress(appHeader(app, 'to') ?? '');
    const tag = headerParameter(to?.parameters ?? '', 'tag');
    if (tag !== undefined && /^[\w.!%*+`'~-]{1,128}$/.test(tag)) this.transaction.useTag(tag);
  }

  /** RFC 3262 §3: then there is no other way, whether the program knows it or not. */
  #peerRequiresReliable(): boolean {
    return this.request.list(Header.require).some((option) => option.toLowerCase() === '100rel');
  }

  #peerKnowsReliable(): boolean {
    const said = [...this.request.list(Header.supported), ...this.request.list(Header.require)];
    return said.some((option) => option.toLowerCase() === '100rel');
  }

  // --- what becomes of an answer

  /** It is told that it was sent even if it waits for a PRACK: it will be. */
  #confirm(program: Program, id: string, { wire }: Answer): void {
    const { request, dialog } = this;
    const known = this.opensDialog
      ? dialogIdOf(request.callId, request.fromTag)
      : this.method === 'BYE'
        ? ''
        : (dialog?.id ?? '');
    confirm(program, id, wire, wayOf(wire.length, this.transaction.replyTo), this.id, known, '');
  }

  #pass(answer: Answer, rseq: number | undefined): void {
    const { status } = answer;
    if (status < 200) {
      if (status > 100) this.#rang = true;
      if (this.#isInvite) this.#host.core.wheel.restart(this.#patience, this.#host.core.ringMs);
    } else this.#decided = true;
    if (rseq !== undefined) this.#reliableAnswers().send(answer, rseq);
    else if (status >= 200 && status < 300 && this.#reliable?.waiting === true)
      this.#reliable.hold(answer);
    else this.send(answer);
  }

  #reliableAnswers(): ReliableAnswers {
    this.#reliable ??= new ReliableAnswers(this.#host, this);
    return this.#reliable;
  }

  /** Puts it on the wire. */
  send(answer: Answer): void {
    const { status, wire } = answer;
    if (status < 200) {
      this.transaction.answer(status, wire);
      return;
    }
    this.#finish();
    this.transaction.answer(status, wire);
    if (status < 300) accepted(this.#host, this, answer);
    else {
      if (this.#isInvite && !this.inDialog)
        this.#host.records.stop('application', 'call-rejected', wire);
      this.#dropEarly();
    }
  }

  /** A dialog that was to come of it does not. */
  #dropEarly(): void {
    if (this.dialog?.invited === this) this.dialog.invited = undefined;
    if (this.dialog !== undefined && !this.inDialog && !this.dialog.confirmed)
      this.#host.dialogs.drop(this.dialog);
  }

  #finish(): void {
    this.#over = true;
    this.#decided = true;
    this.#host.core.wheel.stop(this.#patience);
    this.#reliable?.stop();
    this.#host.forget(this);
  }
}

const patience = (served: ServedRequest): void => served.waitedLong();
