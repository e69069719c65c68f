import type { Message } from '../../sip/message/message.ts';
import { readMessage } from '../../sip/message/read-message.ts';
import type { Dialog } from './dialog.ts';
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

  /** So many seconds it is to last. */
  get #asked(): number | undefined {
    const sent = readMessage(this.wire);
    return sent && secondsOf(sent);
  }

  protected override ended(response: Message | undefined): void {
    const dialog =
      response !== undefined && response.status < 300 ? this.#open(response) : undefined;
    const held = this.#held;
    this.#held = [];
    for (const notify of held) notify(dialog);
  }

  #open(ok: Message): Dialog | undefined {
    const dialog = this.program.connected ? this.dialogWith(ok, 'SUBSCRIBE') : undefined;
    if (dialog === undefined) return undefined;
    dialog.confirmed = true;
    this.host.dialogs.begin(dialog);
    this.host.dialogs.renew(dialog, secondsOf(ok) ?? this.#asked ?? 3600);
    return dialog;
  }
}
