import { contactUri } from '../../sip/dialog/dialog.ts';
import { Header } from '../../sip/message/header-name.ts';
import type { Message } from '../../sip/message/message.ts';
import { readMessage } from '../../sip/message/read-message.ts';
import { cancelFor } from '../../sip/proxy/ack-and-cancel.ts';
import { GIVE_UP } from '../../sip/timers.ts';
import type { Branch } from '../branch.ts';
import { type ClientTransaction, nobody } from '../client-transaction.ts';
import type { SipCommand } from '../protocol/program.ts';
import type { Timer } from '../timer-wheel.ts';
import type { AgentHost } from './agent-host.ts';
import { type AppMessage, appHeader, appLines, contentType } from './app-headers.ts';
import type { Dialog } from './dialog.ts';
import { confirm, refuse } from './frames.ts';
import { acknowledge, localWay, sendInside } from './inside.ts';
import { type Sending, SentRequest } from './sent-request.ts';
import { readSessionExpires, SessionTimer } from './session-timer.ts';

/** One of the dialogs that an INVITE makes: more than one where it forked. */
interface Leg {
  readonly dialog: Dialog;
  /** The last reliable answer's RSeq, -1 before the first. */
  rseq: number;
  /** Sends the ACK to its 2xx again. */
  repeat: (() => void) | undefined;
}

/** As many forks of one INVITE as anybody has phones. */
const MOST_LEGS = 32;
const TAIL = 'Content-Length: 0\r\n\r\n';
/** What a CANCEL and an ACK have from their INVITE, whatever a program says. */
const fromInvite: ReadonlySet<string> = new Set([
  'from',
  'to',
  'call-id',
  'cseq',
  'contact',
  'max-forwards',
  'p-asserted-identity',
]);

/** A program's INVITE, outside a dialog or in one: its dialogs, its ACKs and its CANCEL. */
export class SentInvite extends SentRequest {
  readonly #legs = new Map<string, Leg>();
  #cancelLines: string | undefined;
  #cancelSent = false;
  #heard = false;
  #answered: Leg | undefined;
  #acknowledged = false;
  /** Timer C before the answer; how long its ACK is waited for after a 2xx. */
  readonly #patience: Timer;

  constructor(host: AgentHost, sending: Sending) {
    super(host, sending);
    this.#patience = host.core.wheel.start(host.core.ringMs, patience, this);
  }

  override branchAnswered(branch: Branch, response: Message): void {
    const { status } = response;
    if (status < 200) this.#provisional(branch, response);
    else if (status < 300) this.#success(response);
    else super.branchAnswered(branch, response);
  }

  protected override confirm(): void {
    if (this.sending.dialog === undefined && !this.confirmed && this.wire !== '')
      this.host.records.attempt('application', this.wire);
    super.confirm();
  }

  /** Ends it before its answer; the program hears of it by a 487 or whatever the answer is. */
  cancel(lines = ''): void {
    if (this.over || this.#cancelLines !== undefined) return;
    this.#cancelLines = lines;
    if (this.#heard) this.#sendCancel();
  }

  /** A program's CANCEL. */
  cancelCommand(app: AppMessage, commandId: string): void {
    const lines = appLines(app, fromInvite);
    const { channel, program } = this;
    if (channel === undefined) {
      refuse(program, commandId, `unable to cancel unknown transaction id: ${this.id}`);
      return;
    }
    this.cancel(lines);
    const wire = this.#cancelWire(lines);
    const { core } = this.host;
    confirm(
      program,
      commandId,
      wire,
      localWay(wire.length, channel.transport, core.names.toward(channel)),
      this.host.newId(),
    );
  }

  /** A program's ACK to the 2xx. */
  acknowledgeCommand(app: AppMessage, command: SipCommand): void {
    const { program } = this;
    const leg = this.#answered;
    const type = contentType(app);
    if (leg === undefined || type === undefined) {
      const why = leg === undefined ? 'no answer that waits for an ACK' : 'missing content-type';
      refuse(program, command.id, `Server error: ${why}`);
      return;
    }
    const named = appHeader(app, 'authorization') ?? appHeader(app, 'proxy-authorization');
    const credentials = named === undefined ? this.#credentials() : '';
    const lines = credentials + appLines(app, fromInvite) + type;
    const wire = this.#acknowledge(leg, lines, app.body);
    const { channel } = leg.dialog;
    const name = this.host.core.names.toward(channel);
    confirm(
      program,
      command.id,
      wire,
      localWay(wire.length, channel.transport, name),
      this.host.newId(),
    );
    // the 200 came although it was cancelled
    if (this.#cancelLines !== undefined && this.sending.dialog === undefined)
      this.host.dialogs.end(leg.dialog, 'ACK-BYE due to cancel race condition');
  }

  /** Which early dialog a PRACK with this RAck is for: `776656 1 INVITE`; the last one that asked, without. */
  legOf(rack: string | undefined): { dialog: Dialog; rack: string } | undefined {
    const asked = Number.parseInt(rack ?? '', 10);
    const legs = [...this.#legs.values()].filter(({ rseq }) => rseq >= 0);
    const leg = legs.find(({ rseq }) => rseq === asked) ?? legs.at(-1);
    if (leg === undefined) return undefined;
    const { dialog, rseq } = leg;
    return { dialog, rack: rack ?? `${rseq} ${this.sending.cseq} INVITE` };
  }

  override abandon(): void {
    if (!this.over) this.cancel('Reason: SIP;cause=503;text="The program is gone"\r\n');
  }

  waitedLong(): void {
    const leg = this.#answered;
    if (leg === undefined) {
      this.cancel('Reason: SIP;cause=408;text="Rang too long"\r\n');
      return;
    }
    if (this.#acknowledged || leg.dialog.over) return;
    this.#acknowledge(leg, this.#credentials(), '');
    this.host.dialogs.end(leg.dialog, 'The program sent no ACK');
  }

  #provisional(branch: Branch, response: Message): void {
    this.confirm();
    if (this.over) return;
    this.#heard = true;
    this.host.core.wheel.restart(this.#patience, this.host.core.ringMs);
    if (this.#cancelLines !== undefined) this.#sendCancel();
    const rseq = Number.parseInt(response.value(Header.rseq) ?? '', 10);
    if (rseq >= 0 && response.toTag !== '' && response.status > 100) {
      const leg = this.#leg(response);
      // RFC 3262 §4: repeated, or come before its turn
      if (leg === undefined || (leg.rseq >= 0 && rseq !== leg.rseq + 1)) return;
      leg.rseq = rseq;
      leg.dialog.sent = this;
      if (this.sending.dialog === undefined) this.host.dialogs.begin(leg.dialog);
    }
    super.branchAnswered(branch, response);
  }

  #success(response: Message): void {
    this.confirm();
    const known = this.#legs.get(response.toTag);
    if (this.#answered !== undefined) {
      if (known === this.#answered) known.repeat?.();
      else this.#endFork(response, known);
      return;
    }
    if (this.over) return;
    this.finish();
    const leg = this.#leg(response);
    if (leg === undefined || !this.program.connected) {
      this.deliver(response);
      this.#endFork(response, leg);
      return;
    }
    this.#answered = leg;
    this.#confirmDialog(leg.dialog, response);
    this.host.core.wheel.restart(this.#patience, GIVE_UP);
    this.deliver(response);
  }

  #confirmDialog(dialog: Dialog, ok: Message): void {
    const inside = this.sending.dialog !== undefined;
    const target = contactUri(ok);
    if (target !== undefined) dialog.target = target;
    dialog.sent = this;
    dialog.inviting = undefined;
    const sent = readMessage(this.wire);
    if (sent?.body.startsWith('v=0')) dialog.localSdp = sent.body;
    dialog.allows = ok.header('Allow') ?? dialog.allows;
    if (!inside) {
      for (const other of this.#legs.values())
        if (other.dialog !== dialog) this.host.dialogs.drop(other.dialog);
      dialog.routes = ok.list(Header.recordRoute).reverse();
      dialog.confirmed = true;
      this.host.dialogs.begin(dialog);
      this.host.records.start('network', 'uac', ok.wire);
    } else this.host.dialogs.touch(dialog);
    const session = readSessionExpires(ok);
    if (session === undefined) dialog.session?.agreed();
    else if (dialog.session !== undefined)
      dialog.session.agreed(session.seconds, session.refresher !== 'uas');
    else
      dialog.session = new SessionTimer(
        this.host,
        dialog,
        session.seconds,
        session.refresher !== 'uas',
      );
  }

  /** The dialog with whoever answers so; undefined when an answer cannot make one. */
  #leg(response: Message): Leg | undefined {
    const { toTag } = response;
    const known = this.#legs.get(toTag);
    if (known !== undefined) return known;
    const dialog = this.sending.dialog ?? this.#open(response);
    if (dialog === undefined || this.#legs.size >= MOST_LEGS) return undefined;
    const leg: Leg = { dialog, rseq: -1, repeat: undefined };
    this.#legs.set(toTag, leg);
    return leg;
  }

  #open(response: Message, target = contactUri(response)): Dialog | undefined {
    const dialog = this.dialogWith(response, 'INVITE', target);
    if (dialog === undefined) return undefined;
    dialog.sent = this;
    dialog.inviting = this;
    return dialog;
  }

  /** Another phone's 2xx came later, or one that says nowhere how to reach it: acknowledged and ended at once. */
  #endFork(response: Message, known: Leg | undefined): void {
    if (known?.repeat !== undefined) {
      known.repeat();
      return;
    }
    const uri = readMessage(this.wire)?.requestUri;
    const dialog = known?.dialog ?? this.#open(response, contactUri(response) ?? uri);
    if (dialog === undefined || this.sending.dialog !== undefined) return;
    const { repeat } = acknowledge(this.host, dialog, this.sending.cseq, this.#credentials());
    if (this.#legs.size < MOST_LEGS) this.#legs.set(response.toTag, { dialog, rseq: -1, repeat });
    sendInside(this.host, dialog, {
      method: 'BYE',
      headers: 'Reason: SIP;cause=200;text="Call completed elsewhere"\r\n',
    });
  }

  #acknowledge(leg: Leg, lines: string, body: string): string {
    const { wire, repeat } = acknowledge(this.host, leg.dialog, this.sending.cseq, lines, body);
    leg.repeat = repeat;
    this.#acknowledged = true;
    this.host.core.wheel.stop(this.#patience);
    if (body.startsWith('v=0')) leg.dialog.localSdp = body;
    return wire;
  }

  /** RFC 3261 §13.2.2.4: the ACK carries what the INVITE was let in by. */
  #credentials(): string {
    const sent = readMessage(this.wire);
    if (sent === undefined) return '';
    let lines = '';
    for (const name of ['Authorization', 'Proxy-Authorization'])
      for (let at = sent.findNamed(name); at >= 0; at = sent.findNamed(name, at + 1))
        lines += `${name}: ${sent.valueOf(at)}\r\n`;
    return lines;
  }

  #cancelWire(lines: string): string {
    const wire = cancelFor(this.wire, []);
    return `${wire.slice(0, wire.length - TAIL.length)}${lines}${TAIL}`;
  }

  #sendCancel(): void {
    const { client } = this.branch;
    if (this.#cancelSent || client === undefined) return;
    this.#cancelSent = true;
    const { core } = this.host;
    core.transmit(nobody, client.channel, {
      key: `${client.key} CANCEL`,
      method: 'CANCEL',
      wire: this.#cancelWire(this.#cancelLines ?? ''),
    });
    // RFC 3261 §9.1: without a final answer by then, the cancelled request counts as over
    core.wheel.start(GIVE_UP, giveUp, client);
  }

  protected override finish(): void {
    super.finish();
    this.host.core.wheel.stop(this.#patience);
  }

  protected override ended(response: Message | undefined): void {
    const { dialog } = this.sending;
    if (dialog !== undefined) {
      if (dialog.inviting === this) dialog.inviting = undefined;
      return;
    }
    for (const leg of this.#legs.values()) this.host.dialogs.drop(leg.dialog);
    this.host.records.stop(
      response === undefined ? 'application' : 'network',
      response?.status === 487 ? 'call-canceled' : 'call-rejected',
      response?.wire ?? this.wire,
    );
  }
}

const patience = (invite: SentInvite): void => invite.waitedLong();
const giveUp = (client: ClientTransaction): void => client.giveUp();
