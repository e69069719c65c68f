import type { Call, CallEnd, Flow, Realm } from '../edge/signaling.ts';
import { KeyTable } from '../limits/key-table.ts';
import {
  contactUri,
  type Dialog,
  forkDialog,
  noteRefresh,
  noteRequest,
  openDialog,
  type Side,
  senderOf,
  skipSequence,
} from '../sip/dialog/dialog.ts';
import { answeredIdOf } from '../sip/dialog/dialog-id.ts';
import { detached } from '../sip/message/detached.ts';
import type { Message } from '../sip/message/message.ts';
import type { ClientTransaction } from './client-transaction.ts';
import { BRANCH_LENGTH, OUR_BRANCH } from './random-token.ts';
import type { ServerTransaction } from './server-transaction.ts';
import type { Timer, TimerWheel } from './timer-wheel.ts';
import type { Channel } from './transport/transports.ts';

export interface CallTableHost {
  readonly wheel: TimerWheel;
  /** How long a call without session timers is remembered when nothing is heard of it. */
  forgetAfterMs(): number;
  started(call: Call): void;
  /** Nothing was heard of it for so long, or its session was not refreshed in time. */
  expired(call: LiveCall): void;
  ended(call: LiveCall, why: CallEnd): void;
}

/** A live call: its dialog, and the channel each party was last heard on. */
export class LiveCall implements Call {
  readonly dialog: Dialog;
  readonly startedAt = Date.now();
  readonly channels: Record<Side, Channel>;
  timer: Timer | undefined;
  /** The transactions of the last INVITE that was accepted, until its ACK. */
  unacknowledged: AnsweredInvite | undefined;
  /** The branch of the last INVITE that was acknowledged, and where a repeated 2xx to it goes. */
  acknowledged: AcknowledgedInvite | undefined;
  /** Our branches in the INVITE of a call that a PBX which is a proxy sends on: it came to it by us. Else empty. */
  readonly cameBy: string;

  constructor(dialog: Dialog, caller: Channel, callee: Channel, cameBy = '') {
    this.dialog = dialog;
    this.channels = { caller, callee };
    this.cameBy = cameBy;
  }

  get id(): string {
    const { callId, caller, callee } = this.dialog;
    return answeredIdOf(callId, caller.tag, callee.tag);
  }
  get callId(): string {
    return this.dialog.callId;
  }
  get from(): string {
    return this.dialog.caller.header;
  }
  get to(): string {
    return this.dialog.callee.header;
  }
  get caller(): Flow {
    return this.channels.caller;
  }
  get callee(): Flow {
    return this.channels.callee;
  }
}

/** An INVITE whose 2xx went back. */
export interface AnsweredInvite {
  readonly server: ServerTransaction;
  readonly client: ClientTransaction;
  /** What the callee's answers must be given back on the way to the caller. */
  readonly keptVias?: string;
}

interface AcknowledgedInvite {
  readonly keptVias: string;
  readonly branch: string;
  readonly replyTo: Channel;
}

export interface Found {
  readonly call: LiveCall;
  readonly from: Side;
}

/** As many calls as one INVITE may become: a phone that answers it in ever new tags is no crowd of phones. */
const MOST_FORKS = 32;

/** Every call from its 2xx to its BYE, found by Call-ID; more than one entry where the callee's side forked. */
export class CallTable {
  readonly #host: CallTableHost;
  readonly #byCallId = new KeyTable<LiveCall | LiveCall[]>();
  #size = 0;

  constructor(host: CallTableHost) {
    this.#host = host;
  }

  get size(): number {
    return this.#size;
  }

  *[Symbol.iterator](): IterableIterator<LiveCall> {
    for (const entry of this.#byCallId.values())
      if (entry instanceof LiveCall) yield entry;
      else yield* entry;
  }

  named(callId: string): readonly LiveCall[] {
    const entry = this.#byCallId.get(callId);
    if (entry === undefined) return [];
    return entry instanceof LiveCall ? [entry] : entry;
  }

  /**
   * The call this request belongs to, by Call-ID and both tags, and who of the two sent it. Of one that passes here twice
   * each passage is a call: it is the one that is heard from that realm on that side.
   */
  find(request: Message, realm: Realm): Found | undefined {
    const entry = this.#byCallId.get(request.callId);
    if (entry === undefined) return undefined;
    if (entry instanceof LiveCall) {
      const from = senderOf(entry.dialog, request);
      return from === undefined ? undefined : { call: entry, from };
    }
    let found: Found | undefined;
    for (const call of entry) {
      const from = senderOf(call.dialog, request);
      if (from === undefined) continue;
      if (call.channels[from].realm === realm) return { call, from };
      found ??= { call, from };
    }
    return found;
  }

  /**
   * A 2xx to an INVITE passes, which went on by this branch of ours: a call begins, unless it is one that is known,
   * repeated. False: it may not pass. A PBX or a carrier that is a proxy sends a call back to us, and a phone that is called
   * may call with the Call-ID and tags of that call: where its Vias do not say that it is the same one, it is another,
   * with a place and an end of its own.
   */
  answered(
    invite: Message,
    ok: Message,
    caller: Channel,
    callee: Channel,
    isOurs: (recordRoute: string) => boolean,
    branch: string,
    transactions: AnsweredInvite | undefined,
    acknowledgedEarly: boolean,
  ): boolean {
    const isKnown = this.#passagesOf(invite, ok.toTag).some(
      (known) => known.caller.realm === caller.realm || known.cameBy.includes(branch),
    );
    if (isKnown) return true;
    if (this.#hasForkedEnough(invite)) return false;
    const cameBy = caller.realm === 'core' ? ourBranchesIn(invite) : '';
    const call = new LiveCall(openDialog(invite, ok, isOurs), caller, callee, cameBy);
    if (acknowledgedEarly) skipSequence(call.dialog);
    call.unacknowledged = transactions;
    this.#add(call);
    return true;
  }

  /**
   * A 2xx whose transaction is gone since the ACK passed: repeated, because the callee has not got that ACK, or
   * from a further fork of the call. Says where it goes, undefined when no call vouches for it.
   */
  answeredAgain(
    ok: Message,
    callee: Channel,
    isOurs: (recordRoute: string) => boolean,
  ): AcknowledgedInvite | undefined {
    const branch = ok.via?.branch;
    const call = this.named(ok.callId).find(({ acknowledged }) => acknowledged?.branch === branch);
    if (call?.acknowledged === undefined) return undefined;
    const { dialog, channels } = call;
    if (ok.fromTag === dialog.caller.tag && this.#passagesOf(ok, ok.toTag).length === 0) {
      if (this.#hasForkedEnough(ok)) return undefined;
      const fork = new LiveCall(forkDialog(dialog, ok, isOurs), channels.caller, callee);
      fork.acknowledged = call.acknowledged;
      this.#add(fork);
    }
    return call.acknowledged;
  }

  /** The ACK to a 2xx passes: the transactions of its INVITE have done their work. */
  acknowledged({ call }: Found): void {
    const { unacknowledged } = call;
    if (unacknowledged === undefined) return;
    const { server, client, keptVias = '' } = unacknowledged;
    call.unacknowledged = undefined;
    const { replyTo } = server;
    call.acknowledged = { branch: detached(client.key), replyTo, keptVias: detached(keptVias) };
    server.settle();
    client.settle();
  }

  #passagesOf({ callId, fromTag }: Message, toTag: string): readonly LiveCall[] {
    return this.named(callId).filter(
      ({ dialog }) => dialog.callee.tag === toTag && dialog.caller.tag === fromTag,
    );
  }

  #hasForkedEnough({ callId, fromTag }: Message): boolean {
    const all = this.named(callId);
    return (
      all.length >= MOST_FORKS &&
      all.filter(({ dialog }) => dialog.caller.tag === fromTag).length >= MOST_FORKS
    );
  }

  #add(call: LiveCall): void {
    const known = this.#byCallId.get(call.callId);
    if (known === undefined) this.#byCallId.set(call.callId, call);
    else this.#byCallId.set(call.callId, [...this.named(call.callId), call]);
    this.#size++;
    call.timer = this.#host.wheel.start(this.#patience(call), this.#silent, call);
    this.#host.started(call);
  }

  /** A request passes inside the call. */
  heard({ call, from }: Found, request: Message, channel: Channel): void {
    noteRequest(call.dialog, request, from);
    call.channels[from] = channel;
    if (call.dialog.sessionSeconds === 0 && call.timer?.armed)
      this.#host.wheel.restart(call.timer, this.#host.forgetAfterMs());
  }

  /** A re-INVITE or UPDATE was accepted. */
  refreshed(
    { call, from }: Found,
    contact: string | undefined,
    ok: Message,
    transactions: AnsweredInvite | undefined,
  ): void {
    if (ok.cseqMethod === 'INVITE') call.unacknowledged = transactions;
    noteRefresh(call.dialog, from, contact, ok);
    if (call.timer?.armed) this.#host.wheel.restart(call.timer, this.#patience(call));
  }

  remove(call: LiveCall, why: CallEnd): void {
    const entry = this.#byCallId.get(call.callId);
    if (entry === undefined) return;
    if (entry instanceof LiveCall) {
      if (entry !== call) return;
      this.#byCallId.delete(call.callId);
    } else {
      const rest = entry.filter((other) => other !== call);
      if (rest.length === entry.length) return;
      const [only] = rest;
      if (rest.length === 1 && only !== undefined) this.#byCallId.set(call.callId, only);
      else this.#byCallId.set(call.callId, rest);
    }
    this.#size--;
    if (call.timer !== undefined) this.#host.wheel.stop(call.timer);
    this.#host.ended(call, why);
  }

  clear(): void {
    for (const call of this) if (call.timer !== undefined) this.#host.wheel.stop(call.timer);
    this.#byCallId.clear();
    this.#size = 0;
  }

  #patience(call: LiveCall): number {
    const { sessionSeconds } = call.dialog;
    return sessionSeconds > 0 ? sessionSeconds * 1000 : this.#host.forgetAfterMs();
  }

  readonly #silent = (call: LiveCall): void => this.#host.expired(call);
}

function ourBranchesIn({ wire }: Message): string {
  let found = '';
  for (let at = wire.indexOf(OUR_BRANCH); at >= 0; at = wire.indexOf(OUR_BRANCH, at + 1))
    found += `${wire.slice(at, at + BRANCH_LENGTH)} `;
  return detached(found);
}

/** The Contact a re-INVITE or UPDATE asks to be reached at from then on. */
export const offeredContact = (request: Message): string | undefined =>
  request.method === 'INVITE' || request.method === 'UPDATE' ? contactUri(request) : undefined;
