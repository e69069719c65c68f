import type { CallEnd } from '../../../edge/signaling.ts';
import { bye } from '../../../sip/dialog/dialog.ts';
import type { Message } from '../../../sip/message/message.ts';
import type { LiveCall } from '../../call-table.ts';
import type { Core } from '../../core.ts';
import { newBranch } from '../../random-token.ts';
import type { Channel } from '../../transport/transports.ts';
import type { CallRecords, StopReason } from '../call-records.ts';
import type { ProxyWatcher } from './proxying.ts';

/** The call records of what is proxied: two of each, one per side; more where it was tried in several places. */
export class ProxiedRecords {
  readonly #core: Core;
  readonly #records: CallRecords;
  /** The answered calls that programs had proxied, each with the BYE that was heard in it. */
  readonly #calls = new WeakMap<LiveCall, { bye: string | undefined }>();

  constructor(core: Core, records: CallRecords) {
    this.#core = core;
    this.#records = records;
  }

  /** Takes records of this request, and tells the watcher what there is to tell. */
  of(request: Message, watcher: ProxyWatcher): ProxyWatcher {
    if (request.method !== 'INVITE') return watcher;
    return new RecordedProxying(this.#records, watcher, () => this.#answered(request));
  }

  /** A BYE is on its way through an answered call. */
  byeHeard(call: LiveCall, request: Message): void {
    const known = this.#calls.get(call);
    if (known !== undefined) known.bye = request.wire;
  }

  callEnded(call: LiveCall, why: CallEnd): void {
    const known = this.#calls.get(call);
    if (known === undefined) return;
    this.#calls.delete(call);
    const reason = stopReasons[why];
    const message = known.bye ?? this.#byeOf(call, reason);
    this.#records.stop(known.bye === undefined ? 'application' : 'network', reason, message);
    this.#records.stop('application', reason, message);
  }

  #answered(request: Message): void {
    for (const call of this.#core.calls.named(request.callId))
      if (!this.#calls.has(call)) this.#calls.set(call, { bye: undefined });
  }

  /** Nobody sent one that we could show. */
  #byeOf(call: LiveCall, reason: string): string {
    const via = this.#core.names.toward(call.channels.callee).via + newBranch();
    return bye(call.dialog, 'callee', via, `SIP;text="${reason}"`);
  }
}

const stopReasons: Readonly<Record<CallEnd, StopReason>> = {
  bye: 'normal-release',
  ended: 'system-initiated-termination',
  expired: 'session-expired',
  lost: 'system-error-initiated-termination',
};

/** The story of one INVITE, in records. */
class RecordedProxying implements ProxyWatcher {
  readonly #records: CallRecords;
  readonly #watcher: ProxyWatcher;
  readonly #connected: () => void;
  #cancelled = false;
  #stopped = false;

  constructor(records: CallRecords, watcher: ProxyWatcher, connected: () => void) {
    this.#records = records;
    this.#watcher = watcher;
    this.#connected = connected;
  }

  sent(wire: string): void {
    this.#records.attempt('application', wire);
    this.#watcher.sent?.(wire);
  }

  cancelled(cancel: Message | undefined): void {
    this.#cancelled = true;
    if (cancel === undefined) return;
    this.#stopped = true;
    this.#records.stop('network', 'call-canceled', cancel.wire);
  }

  responded(response: Message, channel: Channel): void {
    const { status, wire } = response;
    if (status < 300) this.#records.start('network', 'proxy-uac', wire);
    else if (status === 487) this.#records.stop('application', 'call-canceled', wire);
    else this.#records.stop('network', 'call-rejected', wire);
    this.#watcher.responded?.(response, channel);
  }

  answered(status: number, wire: string): void {
    if (status < 300) {
      this.#connected();
      this.#records.start('application', 'proxy-uas', wire);
    } else if (!this.#stopped)
      this.#records.stop('application', this.#cancelled ? 'call-canceled' : 'call-rejected', wire);
  }

  done(refused?: string): void {
    this.#watcher.done(refused);
  }
}
