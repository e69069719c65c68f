import { LRUCache } from 'lru-cache';
import { Ledger } from '../limits/ledger.ts';
import type { CallFacts } from '../policy/facts.ts';
import { detached } from '../sip/message/detached.ts';
import type { OtherNodes } from './other-nodes.ts';
import type { Call, Serving } from './signaling.ts';

/** How long a phone takes to ask again with credentials, at most. */
const ASKS_AGAIN_WITHIN_MS = 32_000;
const MOST_CHALLENGED = 16_384;

/** All INVITEs of one Call-ID and caller's tag, and the calls they became: several where it forked. */
interface Held {
  /** Leases of INVITEs without a final answer. */
  readonly ringing: string[];
  /** Leases of those that were answered: they end with the last of the calls. */
  readonly answered: string[];
  calls: number;
}

/**
 * What live calls count under, each as a lease that its call holds from the verdict to its end. Every INVITE has one of
 * its own, also one that repeats Call-ID and tag of another: nobody saves a place by that.
 */
export class CallLeases {
  readonly ledger: Ledger;
  readonly #held = new Map<string, Held>();
  /** Calls that were told to come back with credentials, and since when. */
  readonly #challenged = new LRUCache<string, number>({ max: MOST_CHALLENGED });
  #lastLease = 0;

  readonly #others: Pick<OtherNodes, 'liveChanged' | 'note'> | undefined;

  constructor(others?: Pick<OtherNodes, 'liveChanged' | 'note'>) {
    this.#others = others;
    this.ledger = new Ledger(others && { onLive: (key, calls) => others.liveChanged(key, calls) });
  }

  /** Is this a call that was made before, and challenged: the same one, asked for again with credentials? */
  asksAgain({ callId, fromTag, at }: Pick<CallFacts, 'callId' | 'fromTag' | 'at'>): boolean {
    const since = this.#challenged.get(callName(callId, fromTag));
    return since !== undefined && at - since < ASKS_AGAIN_WITHIN_MS;
  }

  /**
   * A call takes its places. Gives what is to be told its final status; undefined when there is no room for another
   * call, of anybody.
   */
  open(facts: CallFacts, keys: readonly string[]): ((status: number) => void) | undefined {
    const { callId, fromTag, at } = facts;
    const name = callName(callId, fromTag);
    this.#lastLease++;
    const id = `${name} ${this.#lastLease}`;
    const reserved = this.ledger.reserve({
      id,
      places: keys.map((key) => ({ key })),
      labels: labelsOf(facts),
      now: at,
    });
    if (!reserved.ok) return undefined;
    const held = this.#held.get(name) ?? { ringing: [], answered: [], calls: 0 };
    this.#held.set(name, held);
    held.ringing.push(id);
    return (status) => this.#done(name, held, id, status);
  }

  /** A call that has its places was let through. */
  made(facts: CallFacts, keys: readonly string[]): void {
    if (!this.asksAgain(facts)) {
      this.heard(keys, facts.at);
      this.#others?.note({ kind: 'call', keys, at: facts.at });
    }
    this.#challenged.delete(callName(facts.callId, facts.fromTag));
  }

  /** A call was made, here or on another node. */
  heard(keys: readonly string[], at: number): void {
    for (const key of keys) this.ledger.noteCall(key, at);
  }

  /** A call was answered; some of it may be ringing elsewhere still. */
  started(call: Call): void {
    const held = this.#held.get(nameOf(call));
    if (held !== undefined) held.calls++;
  }

  ended(call: Call): void {
    const name = nameOf(call);
    const held = this.#held.get(name);
    if (held === undefined) return;
    held.calls = Math.max(0, held.calls - 1);
    this.#release(name, held);
  }

  /** Every half minute: whatever is still there keeps its places, whatever is not loses them. */
  renew(serving: Pick<Serving, 'calls' | 'ringing'>, now: number): void {
    for (const call of serving.calls()) this.#renew(this.#held.get(nameOf(call)), now);
    for (const { id } of serving.ringing()) this.#renew(this.#held.get(id), now);
    for (const { id } of this.ledger.sweep(now)) {
      const name = id.slice(0, id.lastIndexOf(' '));
      const held = this.#held.get(name);
      if (held === undefined) continue;
      remove(held.ringing, id);
      remove(held.answered, id);
      if (held.ringing.length === 0 && held.answered.length === 0) this.#held.delete(name);
    }
  }

  #renew(held: Held | undefined, now: number): void {
    if (held === undefined) return;
    for (const id of held.ringing) this.ledger.renew(id, now);
    for (const id of held.answered) this.ledger.renew(id, now);
  }

  #done(name: string, held: Held, id: string, status: number): void {
    if (!remove(held.ringing, id)) return;
    if (status >= 200 && status < 300) {
      held.answered.push(id);
      this.ledger.confirm(id, Date.now());
    } else this.ledger.settle(id);
    if (status === 401 || status === 407) this.#challenged.set(name, Date.now());
    this.#release(name, held);
  }

  #release(name: string, held: Held): void {
    if (held.calls > 0) return;
    for (const id of held.answered) this.ledger.settle(id);
    held.answered.length = 0;
    if (held.ringing.length === 0 && this.#held.get(name) === held) this.#held.delete(name);
  }
}

function remove(ids: string[], id: string): boolean {
  const at = ids.indexOf(id);
  if (at >= 0) ids.splice(at, 1);
  return at >= 0;
}

const callName = (callId: string, fromTag: string): string => `${callId};from-tag=${fromTag}`;

/** As a ringing call is named, which has no tag of whoever answers yet. */
const nameOf = ({ id }: Call): string => id.slice(0, id.lastIndexOf(';to-tag='));

/** Copied, so that a long call does not keep the message it began with. */
const labelsOf = ({ callId, extension, dialled }: CallFacts) => ({
  callId: detached(callId),
  extension: detached(extension ?? ''),
  number: detached(dialled.e164 ?? dialled.digits),
});
