import { KeyTable } from './key-table.ts';
import { RecentEvents } from './recent-events.ts';

/** A place that a call takes under a key, such as `extension:1001`; without `most` it is only counted. */
export interface Place {
  readonly key: string;
  /** How many calls may be live under it, this one included. */
  readonly most?: number | undefined;
}

export interface Reservation {
  /** The lease's id, of the caller's choice. */
  readonly id: string;
  readonly places: readonly Place[];
  readonly now: number;
}

/** One call's places, held until it is settled or is not renewed in time. */
export interface Lease {
  readonly id: string;
  readonly keys: readonly string[];
  readonly since: number;
  /** When it was answered; `undefined` while it rings. */
  readonly confirmedAt: number | undefined;
  readonly expiresAt: number;
}

export interface Refusal {
  readonly ok: false;
  /** The first key that is full; `ledger` when the ledger itself is. */
  readonly key: string;
  readonly live: number;
  readonly most: number;
}

export type Reserved = { readonly ok: true; readonly lease: Lease } | Refusal;

export interface LedgerOptions {
  readonly mostLeases?: number;
  /** An unanswered call's lease ends this long after it last rang. */
  readonly ringingMs?: number;
  /** An answered call's lease ends this long after its dialog was last seen. */
  readonly unseenMs?: number;
  /** So many calls are live under that key now. */
  readonly onLive?: (key: string, calls: number) => void;
}

const HIGHEST_FREQUENCY = 1000;

type Held = { -readonly [Field in keyof Lease]: Lease[Field] };

/**
 * Which calls are live, and how often calls were made. What is live under a key is counted when a lease comes and goes,
 * and nowhere else, so it is what the leases say.
 *
 * Every answer is a value that says all, so that the same questions can be put to a script in Redis.
 */
export class Ledger {
  readonly #leases = new KeyTable<Held>();
  readonly #live = new KeyTable<number>();
  /** For the frequency of calls, up to the longest window and the highest limit that may be set. */
  readonly #calls = new RecentEvents({
    mostKeys: 65_536,
    keepMs: 86_400_000,
    remember: HIGHEST_FREQUENCY + 1,
  });
  readonly #mostLeases: number;
  readonly #ringingMs: number;
  readonly #unseenMs: number;
  readonly #onLive: LedgerOptions['onLive'];

  constructor(options: LedgerOptions = {}) {
    this.#mostLeases = options.mostLeases ?? 100_000;
    this.#ringingMs = options.ringingMs ?? 200_000;
    this.#unseenMs = options.unseenMs ?? 90_000;
    this.#onLive = options.onLive;
  }

  get size(): number {
    return this.#leases.size;
  }

  /** Takes a place under every key, or under none. Who asks again with the same id has the lease that he has. */
  reserve({ id, places, now }: Reservation): Reserved {
    const known = this.#leases.get(id);
    if (known !== undefined) return { ok: true, lease: known };
    const refusal = this.#refusal(places);
    if (refusal !== undefined) return refusal;

    const keys = keysOf(places);
    const expiresAt = now + this.#ringingMs;
    const lease = { id, keys, since: now, confirmedAt: undefined, expiresAt };
    this.#leases.set(id, lease);
    for (const key of keys) this.#count(key, 1);
    return { ok: true, lease };
  }

  /** What `reserve` would refuse; nothing if it would not. */
  peek({ id, places }: Pick<Reservation, 'id' | 'places'>): Refusal | undefined {
    return this.#leases.get(id) !== undefined ? undefined : this.#refusal(places);
  }

  /** The call was answered: from now on its dialog has to be seen. */
  confirm(id: string, now: number): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.confirmedAt ??= now;
    lease.expiresAt = now + this.#unseenMs;
  }

  /** The call still rings, or its dialog is still there. False when the lease is gone. */
  renew(id: string, now: number): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined) return false;
    lease.expiresAt = now + (lease.confirmedAt === undefined ? this.#ringingMs : this.#unseenMs);
    return true;
  }

  /** The call is over: its places are free. */
  settle(id: string): Lease | undefined {
    const lease = this.#leases.get(id);
    if (lease === undefined) return undefined;
    this.#leases.delete(id);
    for (const key of lease.keys) this.#count(key, -1);
    return lease;
  }

  /** Ends the leases that were neither settled nor renewed in time, and says which. */
  sweep(now: number): readonly Lease[] {
    const lost: Lease[] = [];
    for (const lease of this.#leases.values()) if (lease.expiresAt <= now) lost.push(lease);
    for (const { id } of lost) this.settle(id);
    return lost;
  }

  /** How many calls are live under each key that has one. */
  *liveByKey(): IterableIterator<{ readonly key: string; readonly calls: number }> {
    for (const [key, calls] of this.#live.entries()) yield { key, calls };
  }

  live(key: string): number {
    return this.#live.get(key) ?? 0;
  }

  /** A call was made, or tried. */
  noteCall(key: string, now: number): void {
    this.#calls.note(key, now);
  }

  /** Exact, up to one more than the highest limit. */
  callsWithin(key: string, seconds: number, now: number): number {
    return this.#calls.count(key, seconds * 1000, now);
  }

  #count(key: string, more: 1 | -1): void {
    const calls = this.live(key) + more;
    if (calls === 0) this.#live.delete(key);
    else this.#live.set(key, calls);
    this.#onLive?.(key, calls);
  }

  #refusal(places: readonly Place[]): Refusal | undefined {
    for (const { key, most } of places) {
      const live = this.live(key);
      if (most !== undefined && live >= most) return { ok: false, key, live, most };
    }
    if (this.size < this.#mostLeases) return undefined;
    return { ok: false, key: 'ledger', live: this.size, most: this.#mostLeases };
  }
}

/** Each once; as long as a lease lives, an array has no room for more than it needs. */
function keysOf(places: readonly Place[]): readonly string[] {
  const keys = places.map(({ key }) => key);
  return keys.filter((key, index) => keys.indexOf(key) === index).slice();
}
