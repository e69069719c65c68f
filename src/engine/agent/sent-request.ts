import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import type { Failure, Target } from '../../edge/signaling.ts';
import { contactUri } from '../../sip/dialog/dialog.ts';
import { Header } from '../../sip/message/header-name.ts';
import type { Message } from '../../sip/message/message.ts';
import { readMessage } from '../../sip/message/read-message.ts';
import { bareHost, parseUri } from '../../sip/message/uri.ts';
import { respond } from '../../sip/proxy/respond.ts';
import { Branch, type BranchUser } from '../branch.ts';
import type { OwnName } from '../own-names.ts';
import type { Program } from '../protocol/program.ts';
import type { Channel } from '../transport/transports.ts';
import type { AgentHost } from './agent-host.ts';
import { Dialog } from './dialog.ts';
import { confirm, deliverable, noWay, refuse, stackTime, wayOf } from './frames.ts';
import { localWay } from './inside.ts';
import { readSessionExpires } from './session-timer.ts';
import { endsSubscription, secondsOf } from './subscription.ts';

/** A request that a program wants sent. */
export interface Sending {
  readonly program: Program;
  /** Of the command, which is answered once. */
  readonly commandId: string;
  readonly method: string;
  readonly target: Target;
  /** As frames name it; empty where there is none. */
  readonly dialogId: string;
  /** The dialog it goes out in. */
  readonly dialog: Dialog | undefined;
  readonly callId: string;
  readonly localTag: string;
  readonly cseq: number;
  /** The wire, with this Via value, toward somebody to whom we are called so. */
  compose(via: string, name: Pick<OwnName, 'hostPort' | 'address'>): string;
}

/** A program's request and its answers, which become frames in the order they come. */
export class SentRequest implements BranchUser {
  readonly id = randomUUID();
  readonly method: string;
  readonly tryNextAfterMs = undefined;
  readonly sending: Sending;
  protected readonly host: AgentHost;
  protected readonly branch: Branch;
  /** As last sent. */
  protected wire = '';
  protected channel: Channel | undefined;
  protected over = false;
  protected confirmed = false;
  #started = false;

  constructor(host: AgentHost, sending: Sending) {
    this.host = host;
    this.sending = sending;
    this.method = sending.method;
    this.branch = new Branch(host.core, this, sending.target);
  }

  get program(): Program {
    return this.sending.program;
  }

  start(): void {
    this.branch.start();
    this.#started = true;
    if (this.wire !== '') this.confirm();
  }

  write(_target: Target, channel: Channel, via: string): string {
    this.channel = channel;
    this.wire = this.sending.compose(via, this.host.core.names.toward(channel));
    // the name had to be looked up first
    if (this.#started) queueMicrotask(() => this.confirm());
    return this.wire;
  }

  branchAnswered(_branch: Branch, response: Message): void {
    this.confirm();
    if (this.over) return;
    if (response.status >= 200) this.finish();
    this.deliver(response);
    if (response.status >= 200) this.ended(response);
  }

  branchFailed(_branch: Branch, failure: Failure): void {
    if (this.over) return;
    if (!this.confirmed && this.wire === '') {
      const { nextHop } = this.sending.target;
      const host = typeof nextHop === 'string' ? bareHost(parseUri(nextHop)?.host ?? '') : '';
      if (host === '' || isIP(host) !== 0) {
        this.finish();
        this.confirmed = true;
        refuse(this.program, this.sending.commandId, 'requested protocol/transport not available');
        this.ended(undefined);
        return;
      }
      this.#confirmUnsent();
      this.fail(503, 'DNS Error');
    } else if (failure === 'timeout') this.fail(408, 'Request Timeout');
    else this.fail(503, 'Service Unavailable');
  }

  /** It goes out later: the program is told at once what it will be. */
  promise(): void {
    this.confirmed = true;
    const { dialog } = this.sending;
    const wire = this.host.composeUnsent(this.sending);
    confirm(
      this.program,
      this.sending.commandId,
      wire,
      dialog === undefined
        ? noWay()
        : localWay(
            wire.length,
            dialog.channel.transport,
            this.host.core.names.toward(dialog.channel),
          ),
      this.id,
    );
  }

  /** Its program is gone: nobody waits for what is answered. */
  abandon(): void {
    this.over = true;
    this.host.forgetSent(this);
  }

  /** The one `response` to the command: the message as it went out. */
  protected confirm(): void {
    const { channel } = this;
    if (this.confirmed || channel === undefined) return;
    this.confirmed = true;
    confirm(
      this.program,
      this.sending.commandId,
      this.wire,
      localWay(this.wire.length, channel.transport, this.host.core.names.toward(channel)),
      this.id,
    );
  }

  /** Nothing was sent, since the name led nowhere; the program gets the message all the same, and then a 503. */
  #confirmUnsent(): void {
    this.confirmed = true;
    this.wire = this.host.composeUnsent(this.sending);
    confirm(
      this.program,
      this.sending.commandId,
      this.wire,
      [0, 'unknown', '', 0, stackTime()],
      this.id,
    );
  }

  protected deliver(response: Message): void {
    const { channel } = this;
    if (channel === undefined) return;
    this.program.send(
      ['sip', 'network', ...wayOf(response.bodyEnd, channel), this.id, this.sending.dialogId, ''],
      deliverable(response, channel),
    );
  }

  /** A final answer that nobody gave. */
  protected fail(status: number, reason: string): void {
    this.confirm();
    this.finish();
    const request = readMessage(this.wire);
    if (request !== undefined) {
      const facts = { status, reason, toTag: 'none', address: '', port: 0 };
      this.program.send(
        ['sip', 'network', ...noWay(), this.id, this.sending.dialogId, ''],
        respond(request, facts),
      );
    }
    this.ended(undefined);
  }

  /** The dialog with whoever answers so (RFC 3261 §12.1.2); undefined where an answer cannot make one. */
  protected dialogWith(
    response: Message,
    kind: 'INVITE' | 'SUBSCRIBE',
    target = contactUri(response),
  ): Dialog | undefined {
    const sent = readMessage(this.wire);
    if (sent === undefined || this.channel === undefined || response.toTag === '') return undefined;
    if (target === undefined || target === '*') return undefined;
    return new Dialog({
      id: this.sending.dialogId,
      callId: sent.callId,
      role: 'uac',
      kind,
      program: this.program,
      local: sent.value(Header.from) ?? '',
      remote: response.value(Header.to) ?? '',
      localTag: sent.fromTag,
      remoteTag: response.toTag,
      target,
      routes: response.list(Header.recordRoute).reverse(),
      localCseq: sent.cseq,
      remoteCseq: -1,
      channel: this.channel,
      contact: sent.value(Header.contact) ?? '',
      earlyId: this.id,
    });
  }

  protected finish(): void {
    this.over = true;
    this.host.forgetSent(this);
  }

  /** After the final answer, undefined when there was none, has gone to the program. */
  protected ended(response: Message | undefined): void {
    const { dialog } = this.sending;
    if (dialog === undefined) return;
    const challenged = response?.status === 401 || response?.status === 407;
    if (response !== undefined && response.status < 300) this.#refreshed(dialog, response);
    if (this.method === 'BYE' && !challenged) {
      if (!dialog.over) this.host.records.stop('application', 'normal-release', this.wire);
      this.host.dialogs.drop(dialog);
    } else if (this.method === 'NOTIFY' && dialog.kind === 'SUBSCRIBE' && !challenged) {
      const notify = readMessage(this.wire);
      if (notify !== undefined && endsSubscription(notify)) this.host.dialogs.drop(dialog);
    }
  }

  /** RFC 3261 §12.2.1.2, RFC 3311, RFC 6665: what was accepted moves the target, and lasts anew. */
  #refreshed(dialog: Dialog, ok: Message): void {
    if (this.method !== 'UPDATE' && this.method !== 'SUBSCRIBE') return;
    const target = contactUri(ok);
    if (target !== undefined && target !== '*') dialog.target = target;
    if (this.method === 'SUBSCRIBE') this.host.dialogs.renew(dialog, secondsOf(ok) ?? 3600);
    else dialog.session?.agreed(readSessionExpires(ok)?.seconds);
  }
}
