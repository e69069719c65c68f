import { contactUri } from '../../sip/dialog/dialog.ts';
import { Header } from '../../sip/message/header-name.ts';
import type { Message } from '../../sip/message/message.ts';
import { headerParameter } from '../../sip/message/name-address.ts';
import type { Timer } from '../timer-wheel.ts';
import type { AgentHost } from './agent-host.ts';
import type { Dialog } from './dialog.ts';
import { acknowledge, sendInside } from './inside.ts';

/** RFC 4028 §4: no session is refreshed more often than this allows. */
export const MIN_SE = 90;
const MOST_SECONDS = 86_400;
/** RFC 3261 §14.1: after a 491 both sides wait, not equally long. */
const GLARE_MS = 2100;
const GLARE_SPREAD_MS = 1900;

export interface SessionExpires {
  readonly seconds: number;
  /** Who refreshes, undefined when it is not said. */
  readonly refresher: 'uac' | 'uas' | undefined;
}

/** What a Session-Expires header says (RFC 4028 §4). */
export function readSessionExpires(message: Message): SessionExpires | undefined {
  const value = message.value(Header.sessionExpires);
  return value === undefined ? undefined : parseSessionExpires(value);
}

function parseSessionExpires(value: string): SessionExpires | undefined {
  const seconds = Number.parseInt(value, 10);
  if (!(seconds > 0)) return undefined;
  const semicolon = value.indexOf(';');
  const who =
    semicolon < 0 ? undefined : headerParameter(value.slice(semicolon), 'refresher')?.toLowerCase();
  return { seconds, refresher: who === 'uac' || who === 'uas' ? who : undefined };
}

/** Keeps a session alive by re-INVITEs of our own, or ends it when the other side sends none (RFC 4028). */
export class SessionTimer {
  readonly #host: AgentHost;
  readonly #dialog: Dialog;
  readonly #timer: Timer;
  #seconds: number;
  #weRefresh: boolean;
  #expiresAt = 0;
  #refreshing = false;

  constructor(host: AgentHost, dialog: Dialog, seconds: number, weRefresh: boolean) {
    this.#host = host;
    this.#dialog = dialog;
    this.#seconds = 0;
    this.#weRefresh = weRefresh;
    this.#timer = host.core.wheel.start(1, due, this);
    this.agreed(seconds, weRefresh);
  }

  get seconds(): number {
    return this.#seconds;
  }
  get weRefresh(): boolean {
    return this.#weRefresh;
  }

  /** The session was set up or refreshed. */
  agreed(seconds = this.#seconds, weRefresh = this.#weRefresh): void {
    this.#seconds = Math.min(Math.max(seconds, MIN_SE), MOST_SECONDS);
    this.#weRefresh = weRefresh;
    this.#expiresAt = performance.now() + this.#patienceMs;
    this.#wait(weRefresh ? this.#seconds * 500 : this.#patienceMs);
  }

  stop(): void {
    this.#host.core.wheel.stop(this.#timer);
  }

  /** RFC 4028 §10: a BYE goes out a little before the session is over for everybody else. */
  get #patienceMs(): number {
    return (this.#seconds - Math.min(32, this.#seconds / 3)) * 1000;
  }

  due(): void {
    if (this.#dialog.over) return;
    if (performance.now() >= this.#expiresAt - 1 || !this.#weRefresh)
      this.#host.dialogs.end(this.#dialog, 'Session timer expired');
    else if (this.#refreshing || this.#dialog.inviting !== undefined) this.#wait(GLARE_MS);
    else if (this.#dialog.invited !== undefined || this.#dialog.accepted !== undefined)
      this.#wait(GLARE_MS);
    else this.#refresh();
  }

  #wait(ms: number): void {
    const left = Math.max(1, this.#expiresAt - performance.now());
    this.#host.core.wheel.restart(this.#timer, Math.min(ms, left));
  }

  #refresh(): void {
    const dialog = this.#dialog;
    // without an offer the answer would be ours to make; an UPDATE needs neither
    const method = dialog.localSdp === '' ? 'UPDATE' : 'INVITE';
    if (method === 'UPDATE' && !/\bUPDATE\b/i.test(dialog.allows)) {
      this.#wait(this.#seconds * 1000);
      return;
    }
    const headers =
      `Contact: ${dialog.contact}\r\nSupported: timer\r\n` +
      `Session-Expires: ${this.#seconds};refresher=uac\r\n` +
      (method === 'INVITE' ? 'Content-Type: application/sdp\r\n' : '');
    this.#refreshing = true;
    let ack: { repeat(): void } | undefined;
    let sent: { cancel(): void } | undefined;
    sent = sendInside(
      this.#host,
      dialog,
      { method, headers, body: dialog.localSdp },
      (response, cseq) => {
        if (sent !== undefined && dialog.inviting === sent) dialog.inviting = undefined;
        this.#refreshing = false;
        if (method === 'INVITE' && response !== undefined && response.status < 300) {
          if (ack !== undefined) {
            ack.repeat();
            return;
          }
          const target = contactUri(response);
          if (target !== undefined) dialog.target = target;
          ack = acknowledge(this.#host, dialog, cseq);
        }
        if (!dialog.over) this.#refreshed(response);
      },
    );
    if (method === 'INVITE' && this.#refreshing) dialog.inviting = sent;
  }

  #refreshed(response: Message | undefined): void {
    const status = response?.status ?? 408;
    const agreed = response === undefined ? undefined : readSessionExpires(response);
    if (status < 300) this.agreed(agreed?.seconds, agreed?.refresher !== 'uas');
    else if (status === 481 || status === 408)
      this.#host.dialogs.end(this.#dialog, 'Session timer expired');
    else if (status === 422) {
      const least = Number.parseInt(response?.value(Header.minSe) ?? '', 10);
      if (least > this.#seconds) this.#seconds = Math.min(least, MOST_SECONDS);
      this.#wait(GLARE_MS);
    } else if (status === 491) this.#wait(GLARE_MS + Math.random() * GLARE_SPREAD_MS);
    else this.#wait(this.#seconds * 1000);
  }
}

const due = (session: SessionTimer): void => session.due();
