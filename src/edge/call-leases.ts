import { LRUCache } from 'lru-cache';
import { KeyTable } from '../limits/key-table.ts';
import { type Lease, Ledger } from '../limits/ledger.ts';
import type { CallFacts } from '../policy/facts.ts';
import { callName, nameOf } from './call-name.ts';
import { inTurns } from './in-turns.ts';
import type { OtherNodes } from './other-nodes.ts';
import type { Serving } from './signaling.ts';

/** How long a phone takes to ask again with credentials, at most. */
const ASKS_AGAIN_WITHIN_MS = 32_000;
const MOST_CHALLENGED = 16_384;
/** So many calls are renewed between two packets. */
const RENEWED_PER_TURN = 200;

/** All INVITEs of one Call-ID and caller's tag, and the calls they became: several where it forked. */
interface Held {
  readonly name: string;
  /** The phone's call of which these are the rest. */
  of: Held | undefined;
  /** Of INVITEs without a final answer, and of those that were answered: these end with the last of the calls. */
  leases: Lease[];
  calls: number;
}

/**
 * What live calls count under, each as a lease that its call holds from the verdict to its end. Every INVITE has one of
 * its own, also one that repeats Call-ID and tag of another: nobody saves a place by that.
 */
export class CallLeases {
  readonly ledger: Ledger;
  readonly #held = new KeyTable<Held>();
  /** Calls that were told to come back with credentials, and since when. */
  readonly #challenged = new LRUCache<string, number>({ max: MOST_CHALLENGED });
  #lastLease = 0;

  readonly #others: Pick<OtherNodes, 'liveChanged' | 'note'> | undefined;

  constructor(others?: Pick<OtherNodes, 'liveChanged' | 'note'>) {
    this.#others = others;
    this.ledger = new Ledger(others && { onLive: (key, calls) => others.liveChanged(key, calls) });
  }

  /** Is this a call that was made before, and challenged: the same one, asked for again with credentials? */
  asksAgain(facts: Pick<CallFacts, 'callId' | 'fromTag' | 'at'>): boolean {
    // asked of every call, and nearly always there is none that a name would be made for
    return this.#challenged.size > 0 && this.#wasChallenged(callName(facts), facts.at);
  }

  /**
   * A call of that name takes its places; those of the phone's call of which it is the rest stay taken until both are
   * over: the phone may have left it to somebody whom it transferred. Gives what is to be told its final status;
   * undefined when there is no room for another call, of anybody.
   */
  open(
    name: string,
    keys: readonly string[],
    at: number,
    restOf?: string,
  ): ((status: number) => void) | undefined {
    this.#lastLease++;
    const reserved = this.ledger.reserve({
      id: String(this.#lastLease),
      places: keys.map((key) => ({ key })),
      now: at,
    });
    if (!reserved.ok) return undefined;
    const { lease } = reserved;
    const known = this.#held.get(name);
    const held = known ?? { name, of: undefined, leases: [lease], calls: 0 };
    if (known === undefined) this.#held.set(name, held);
    else held.leases.push(lease);
    // who answered already is counted at neither
    if (restOf !== undefined && restOf !== name && held.calls === 0)
      held.of = this.#held.get(restOf);
    return (status) => this.#done(held, lease, status);
  }

  /** A call that has its places was let through. */
  made(name: string, keys: readonly string[], at: number): void {
    if (!this.#wasChallenged(name, at)) {
      this.heard(keys, at);
      this.#others?.note({ kind: 'call', keys, at });
    }
    if (this.#challenged.size > 0) this.#challenged.delete(name);
  }

  /** A call was made, here or on another node. */
  heard(keys: readonly string[], at: number): void {
    for (const key of keys) this.ledger.noteCall(key, at);
  }

  /** A call was answered; some of it may be ringing elsewhere still. */
  started(name: string): void {
    const held = this.#held.get(name);
    if (held !== undefined) {
      held.calls++;
      if (held.of !== undefined) held.of.calls++;
    }
    // its places may be taken only now that it was answered: a moment after this
    else this.#held.set(name, { name, of: undefined, leases: [], calls: 1 });
  }

  ended(name: string): void {
    const held = this.#held.get(name);
    if (held === undefined) return;
    this.#endOne(held);
    if (held.of !== undefined) this.#endOne(held.of);
  }

  /** Every half minute: whatever is still there keeps its places, whatever is not loses them. */
  async renew(serving: Pick<Serving, 'calls' | 'ringing'>, now: number): Promise<void> {
    for await (const calls of inTurns(serving.calls(), RENEWED_PER_TURN))
      for (const call of calls) this.#renew(this.#held.get(nameOf(call)), now);
    for await (const ringing of inTurns(serving.ringing(), RENEWED_PER_TURN))
      for (const { id } of ringing) this.#renew(this.#held.get(id), now);
    const lost = new Set(this.ledger.sweep(now));
    if (lost.size === 0) return;
    for (const [name, held] of this.#held.entries()) {
      held.leases = held.leases.filter((lease) => !lost.has(lease));
      if (held.leases.length === 0 && held.calls === 0) this.#held.delete(name);
    }
  }

  #endOne(held: Held): void {
    held.calls = Math.max(0, held.calls - 1);
    this.#release(held);
  }

  #wasChallenged(name: string, at: number): boolean {
    if (this.#challenged.size === 0) return false;
    const since = this.#challenged.get(name);
    return since !== undefined && at - since < ASKS_AGAIN_WITHIN_MS;
  }

  #renew(held: Held | undefined, now: number): void {
    for (const { id } of held?.leases ?? []) this.ledger.renew(id, now);
    for (const { id } of held?.of?.leases ?? []) this.ledger.renew(id, now);
  }

  #done(held: Held, lease: Lease, status: number): void {
    const { leases } = held;
    if (lease.confirmedAt !== undefined || !leases.includes(lease)) return;
    if (status >= 200 && status < 300) this.ledger.confirm(lease.id, Date.now());
    else {
      this.ledger.settle(lease.id);
      leases.splice(leases.indexOf(lease), 1);
    }
    if (status === 401 || status === 407) this.#challenged.set(held.name, Date.now());
    this.#release(held);
  }

  /** The last of its calls is over: what was answered ends, what rings elsewhere goes on. */
  #release(held: Held): void {
    if (held.calls > 0) return;
    for (const { id, confirmedAt } of held.leases)
      if (confirmedAt !== undefined) this.ledger.settle(id);
    held.leases = held.leases.filter(({ confirmedAt }) => confirmedAt === undefined);
    if (held.leases.length === 0 && this.#held.get(held.name) === held)
      this.#held.delete(held.name);
  }
}
