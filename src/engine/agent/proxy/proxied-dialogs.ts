import { detached } from '../../../sip/message/detached.ts';
import type { Message } from '../../../sip/message/message.ts';
import type { Timer, TimerWheel } from '../../timer-wheel.ts';
import type { Channel } from '../../transport/transports.ts';
import { secondsOf } from '../subscription.ts';

const MOST = 50_000;
/** As many as anybody has phones: one that answers in ever new tags is heard by its first. */
const MOST_CALLEES = 32;
const LONGEST_SECONDS = 86_400;
/** How long after its end a NOTIFY may still say so. */
const GRACE_MS = 32_000;

/** A dialog that is none of the table of calls: one that is not answered yet, or a subscription. */
export interface ProxiedDialog {
  readonly key: string;
  readonly caller: Channel;
  /** By the tag of the one who was called, and how that one is reached. */
  readonly callees: Map<string, Channel>;
  /** Where the request went: a NOTIFY may be the first that is heard of the one who was called. */
  readonly asked: Set<string>;
  timer: Timer | undefined;
}

/**
 * What programs had proxied with record-route and lives on without being an answered call: early dialogs, for
 * PRACK and UPDATE, and subscriptions. What is sent in them follows the flows that made them.
 */
export class ProxiedDialogs {
  readonly #wheel: TimerWheel;
  readonly #byKey = new Map<string, ProxiedDialog>();

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** None when there are too many. */
  open(request: Message, caller: Channel): ProxiedDialog | undefined {
    if (this.#byKey.size >= MOST) return undefined;
    const key = detached(keyOf(request.callId, request.fromTag));
    const dialog: ProxiedDialog = {
      key,
      caller,
      callees: new Map(),
      asked: new Set(),
      timer: undefined,
    };
    this.close(this.#byKey.get(key));
    this.#byKey.set(key, dialog);
    return dialog;
  }

  close(dialog: ProxiedDialog | undefined): void {
    if (dialog === undefined || this.#byKey.get(dialog.key) !== dialog) return;
    if (dialog.timer !== undefined) this.#wheel.stop(dialog.timer);
    this.#byKey.delete(dialog.key);
  }

  /** A 2xx to a SUBSCRIBE says how long there is something to tell. */
  keepFor(dialog: ProxiedDialog, response: Message): void {
    const seconds = secondsOf(response) ?? 3600;
    const ms = Math.min(seconds, LONGEST_SECONDS) * 1000 + GRACE_MS;
    if (dialog.timer !== undefined) this.#wheel.restart(dialog.timer, ms);
    else dialog.timer = this.#wheel.start(ms, this.#over, dialog);
  }

  /** Somebody answered by this tag, and is reached by this channel. */
  learn({ callees }: ProxiedDialog, tag: string, channel: Channel): void {
    if (callees.size < MOST_CALLEES || callees.has(tag)) callees.set(detached(tag), channel);
  }

  /** Where a request inside such a dialog goes; undefined when it is in none. */
  wayOf(request: Message, from: Channel): Channel | undefined {
    if (this.#byKey.size === 0) return undefined;
    const { callId, fromTag, toTag } = request;
    const called = this.#byKey.get(keyOf(callId, fromTag))?.callees.get(toTag);
    if (called !== undefined) return called;
    const dialog = this.#byKey.get(keyOf(callId, toTag));
    if (dialog === undefined) return undefined;
    if (dialog.callees.has(fromTag)) return dialog.caller;
    if (request.method !== 'NOTIFY' || !dialog.asked.has(from.address)) return undefined;
    this.learn(dialog, fromTag, from);
    return dialog.caller;
  }

  readonly #over = (dialog: ProxiedDialog): void => this.close(dialog);
}

const keyOf = (callId: string, callerTag: string): string => `${callId} ${callerTag}`;
