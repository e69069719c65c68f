import { contactUri } from '../../sip/dialog/dialog.ts';
import { Header } from '../../sip/message/header-name.ts';
import type { Message } from '../../sip/message/message.ts';
import { readMessage } from '../../sip/message/read-message.ts';
import { Dialog } from './dialog.ts';
import { SentRequest } from './sent-request.ts';
import { secondsOf } from './subscription.ts';

/** A SUBSCRIBE outside a dialog, which makes one. */
export class SentSubscribe extends SentRequest {
  #held: ((dialog: Dialog | undefined) => void)[] = [];

  /** What a NOTIFY that overtakes the answer says. */
  get notifyKey(): string {
    const { callId, localTag } = this.sending;
    return `${callId}\n${localTag}`;
  }

  /** A NOTIFY that overtook the answer (RFC 6665 §4.1.2.4): the program cannot know its dialog yet. */
  hold(notify: (dialog: Dialog | undefined) => void): boolean {
    if (this.#held.length >= 4) return false;
    this.#held.push(notify);
    return true;
  }

  protected override ended(response: Message | undefined): void {
    const dialog =
      response !== undefined && response.status < 300 ? this.#open(response) : undefined;
    const held = this.#held;
    this.#held = [];
    for (const notify of held) notify(dialog);
  }

  #open(ok: Message): Dialog | undefined {
    const sent = readMessage(this.wire);
    const target = contactUri(ok);
    if (sent === undefined || this.channel === undefined || ok.toTag === '') return undefined;
    if (target === undefined || !this.program.connected) return undefined;
    const dialog = new Dialog({
      id: this.sending.dialogId,
      callId: sent.callId,
      role: 'uac',
      kind: 'SUBSCRIBE',
      program: this.program,
      local: sent.value(Header.from) ?? '',
      remote: ok.value(Header.to) ?? '',
      localTag: sent.fromTag,
      remoteTag: ok.toTag,
      target,
      routes: ok.list(Header.recordRoute).reverse(),
      localCseq: sent.cseq,
      remoteCseq: -1,
      channel: this.channel,
      contact: sent.value(Header.contact) ?? '',
      earlyId: this.id,
    });
    dialog.confirmed = true;
    this.host.begin(dialog);
    this.host.renew(dialog, secondsOf(ok) ?? secondsOf(sent) ?? 3600);
    return dialog;
  }
}
