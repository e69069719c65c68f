import { oneLine } from '../../sip/message/rewrite.ts';
import type { Program } from '../protocol/program.ts';
import type { AgentHost } from './agent-host.ts';
import type { StopReason } from './call-records.ts';
import { type Dialog, DialogTable } from './dialog.ts';
import { sendInside, tellUnsolicited, viaToward } from './inside.ts';

/** The last NOTIFY may be under way when a subscription is over. */
const SUBSCRIPTION_GRACE_MS = 64_000;
/** How many dialogs of a lost program are ended in one go. */
const ENDED_PER_TURN = 64;

/** The dialogs of all programs, from their first answer to their end. */
export class Dialogs extends DialogTable {
  readonly #host: AgentHost;
  /** Those whose 2xx has no ACK yet, by the INVITE's transaction. */
  readonly #unacknowledged = new Map<string, Dialog>();

  constructor(host: AgentHost) {
    super();
    this.#host = host;
  }

  /** Puts it where its requests and commands find it; no effect on one that is there. */
  begin(dialog: Dialog): void {
    this.add(dialog);
    this.touch(dialog);
  }

  /** Something happened in it. */
  touch(dialog: Dialog): void {
    if (dialog.kind === 'INVITE' || dialog.silence === undefined)
      this.#keep(dialog, this.#host.limits.forgetAfterMs());
  }

  /** A subscription was granted for so long; it is forgotten a while after that, unless it is renewed. */
  renew(dialog: Dialog, seconds: number): void {
    const ms = seconds * 1000 + SUBSCRIPTION_GRACE_MS;
    this.#keep(dialog, Math.min(ms, this.#host.limits.forgetAfterMs()));
  }

  #keep(dialog: Dialog, ms: number): void {
    if (dialog.over) return;
    const { wheel } = this.#host.core;
    if (dialog.silence === undefined)
      dialog.silence = wheel.start(ms, () => this.end(dialog, 'Nothing heard'), dialog);
    else wheel.restart(dialog.silence, ms);
  }

  /** It is over, and everybody knows. */
  drop(dialog: Dialog): void {
    if (dialog.over) return;
    dialog.over = true;
    this.remove(dialog);
    if (dialog.silence !== undefined) this.#host.core.wheel.stop(dialog.silence);
    dialog.session?.stop();
    dialog.accepted?.stop();
  }

  /** Ends it: BYE to the other side, and the program is told. */
  end(dialog: Dialog, why: string, record?: StopReason): void {
    this.bye(
      dialog,
      `SIP;cause=200;text="${why}"`,
      record ?? (/^Session/.test(why) ? 'session-expired' : 'system-initiated-termination'),
    );
  }

  /** The same, with a Reason of one's own. */
  bye(dialog: Dialog, reason: string, record: StopReason): void {
    if (dialog.over) return;
    if (dialog.kind === 'INVITE' && dialog.confirmed) {
      dialog.inviting?.cancel();
      const bye = this.#say(dialog, 'BYE', `Reason: ${reason}\r\n`);
      this.#host.records.stop('application', record, bye);
      tellUnsolicited(this.#host, dialog, bye);
    }
    this.drop(dialog);
  }

  /** Its program is gone. */
  endAllOf(program: Program): void {
    this.#endSome([...this.values()].filter((dialog) => dialog.program === program));
  }

  /** Many calls end at once: packets must not wait for all their BYEs. */
  #endSome(left: Dialog[]): void {
    for (const dialog of left.splice(0, ENDED_PER_TURN))
      if (dialog.kind === 'INVITE')
        this.end(dialog, 'The program is gone', 'system-error-initiated-termination');
      else this.#endSubscription(dialog);
    if (left.length > 0) setImmediate(() => this.#endSome(left));
  }

  /** RFC 6665 §4.1.3: whoever subscribed may come again, and finds another program by then. */
  #endSubscription(dialog: Dialog): void {
    if (dialog.over) return;
    if (dialog.role === 'uas' && dialog.confirmed)
      this.#say(
        dialog,
        'NOTIFY',
        `Event: ${oneLine(dialog.event)}\r\nContact: ${dialog.contact}\r\n` +
          'Subscription-State: terminated;reason=probation;retry-after=10\r\n',
      );
    this.drop(dialog);
  }

  /** Sends a last request, and hands it out; once, and not ten times more, to whoever may be nobody. */
  #say(dialog: Dialog, method: string, headers: string): string {
    const host = this.#host;
    const proven = dialog.proven || dialog.role === 'uac' || host.core.hears(dialog.channel);
    if (proven) sendInside(host, dialog, { method, headers });
    else dialog.localCseq++;
    const cseq = dialog.localCseq;
    const wire = dialog.write({ method, cseq, via: viaToward(host, dialog), headers });
    if (!proven) dialog.channel.send(wire);
    return wire;
  }

  /** Tells the program that a dialog is over, by a BYE that nobody sent. */
  tellGone(dialog: Dialog, why: string): void {
    const headers = `Reason: SIP;cause=200;text="${why}"\r\n`;
    const cseq = dialog.localCseq + 1;
    const via = viaToward(this.#host, dialog);
    tellUnsolicited(this.#host, dialog, dialog.write({ method: 'BYE', cseq, via, headers }));
  }

  /** Our 2xx waits for its ACK: a CANCEL would come too late. */
  waitsForAck(dialog: Dialog, transactionKey: string): void {
    this.#unacknowledged.set(transactionKey, dialog);
  }

  acknowledged(transactionKey: string): void {
    this.#unacknowledged.delete(transactionKey);
  }

  /** A CANCEL that came after our 2xx and before its ACK: the call is not wanted. */
  cancelledTooLate(transactionKey: string): boolean {
    const dialog = this.#unacknowledged.get(transactionKey);
    if (dialog === undefined) return false;
    this.end(dialog, 'CANCEL after 200 OK');
    return true;
  }
}
