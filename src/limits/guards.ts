import { endByThisClock } from './end-by-this-clock.ts';
import { laterThan } from './later-than.ts';

/** An extension at which only those may try to register who are known there. */
export interface Guard {
  readonly extension: string;
  readonly by: 'rule' | 'operator';
  /** What was seen, or why somebody wants it. */
  readonly evidence: string;
  /** Milliseconds since 1970, as all times here. */
  readonly since: number;
  readonly changedAt: number;
  /** Undefined: until somebody lifts it. */
  readonly until: number | undefined;
}

export interface GuardChange {
  /** `held`: it lasts longer than was said before. */
  readonly kind: 'raised' | 'held' | 'ended' | 'lifted';
  readonly guard: Guard;
  /** Another node decided so. */
  readonly elsewhere?: boolean;
}

export interface GuardOrder {
  readonly extension: string;
  readonly by: Guard['by'];
  readonly evidence: string;
  readonly forMs: number | undefined;
}

/** No PBX lets a name be longer; whoever lifts a guard must be able to say whose. */
export const LONGEST_GUARDED = 255;
export const canBeGuarded = (extension: string): boolean =>
  extension !== '' && extension.length <= LONGEST_GUARDED;

/** Whoever has addresses enough raises as many as he likes: of more, those go that end first. */
const MOST = 1024;
/** An attack that goes on is no reason to tell the disk and the other nodes of each try. */
const HELD_AGAIN_AFTER_MS = 60_000;
const forEver = Number.POSITIVE_INFINITY;

/** Which extensions are guarded. Bounded; each ends by itself unless somebody wants it to stay. */
export class Guards {
  readonly #guards = new Map<string, Guard>();
  readonly #changed: (change: GuardChange) => void;

  constructor(changed: (change: GuardChange) => void = () => {}) {
    this.#changed = changed;
  }

  get size(): number {
    return this.#guards.size;
  }

  all(): IterableIterator<Guard> {
    return this.#guards.values();
  }

  /** As kept from the last run. */
  load(guards: readonly Guard[], now: number): void {
    for (const guard of guards)
      if (holds(guard, now) && this.#guards.size < MOST)
        this.#guards.set(guard.extension, { ...guard, until: endOf(guard, now) });
  }

  of(extension: string, now: number): Guard | undefined {
    if (this.#guards.size === 0) return undefined;
    const guard = this.#guards.get(extension);
    return guard !== undefined && holds(guard, now) ? guard : undefined;
  }

  /** A rule makes none shorter, and none of a person's another. Undefined when there is no room. */
  raise({ extension, by, evidence, forMs }: GuardOrder, now: number): Guard | undefined {
    const known = this.of(extension, now);
    const until = forMs === undefined ? undefined : now + forMs;
    if (by === 'rule' && known !== undefined) {
      const longer = (until ?? forEver) >= (known.until ?? forEver) + HELD_AGAIN_AFTER_MS;
      if (known.by === 'operator' || !longer) return known;
    }
    if (known === undefined && !this.#makeRoom()) return undefined;
    const before = this.#guards.get(extension);
    const changedAt = before === undefined ? now : laterThan(before.changedAt, now);
    const guard = { extension, by, evidence, since: known?.since ?? now, changedAt, until };
    this.#guards.set(extension, guard);
    this.#changed({ kind: known === undefined ? 'raised' : 'held', guard });
    return guard;
  }

  /** By the word of a person. */
  lift(extension: string): Guard | undefined {
    return this.#remove(extension, 'lifted');
  }

  /** Another node has it so. */
  adopt(guard: Guard, now: number): void {
    const known = this.#guards.get(guard.extension);
    if (!holds(guard, now) || (known !== undefined && known.changedAt >= guard.changedAt)) return;
    if (known === undefined && !this.#makeRoom()) return;
    this.#guards.set(guard.extension, guard);
    this.#changed({ kind: known === undefined ? 'raised' : 'held', guard, elsewhere: true });
  }

  /** Somebody lifted it at another node, at that time. True when there was one. */
  liftedElsewhere(extension: string, at: number): boolean {
    const known = this.#guards.get(extension);
    if (known === undefined || known.changedAt > at) return false;
    this.#remove(extension, 'lifted', true);
    return true;
  }

  /** The clock was set. Where it went back, what a rule wanted by it lasts no longer than it would have. */
  clockSet(byMs: number, now: number): void {
    if (byMs > 0) return;
    for (const known of this.#guards.values())
      if (known.by === 'rule' && known.until !== undefined && known.changedAt > now) {
        const guard = { ...known, until: known.until + byMs, changedAt: known.changedAt + 1 };
        this.#guards.set(guard.extension, guard);
        this.#changed({ kind: 'held', guard });
      }
  }

  /** Those end whose time has come. */
  sweep(now: number): void {
    for (const guard of this.#guards.values())
      if (!holds(guard, now)) this.#remove(guard.extension, 'ended');
  }

  #remove(extension: string, kind: 'ended' | 'lifted', elsewhere = false): Guard | undefined {
    const guard = this.#guards.get(extension);
    if (guard === undefined) return undefined;
    this.#guards.delete(extension);
    this.#changed({ kind, guard, ...(elsewhere && { elsewhere }) });
    return guard;
  }

  /** What a person wants stays. */
  #makeRoom(): boolean {
    if (this.#guards.size < MOST) return true;
    let first: Guard | undefined;
    for (const guard of this.#guards.values())
      if (guard.by === 'rule' && (guard.until ?? forEver) < (first?.until ?? forEver))
        first = guard;
    return first !== undefined && this.#remove(first.extension, 'ended') !== undefined;
  }
}

const endOf = ({ by, until, changedAt }: Guard, now: number): number | undefined =>
  by === 'rule' && until !== undefined ? endByThisClock(until, changedAt, now) : until;

const holds = ({ until }: Guard, now: number): boolean => until === undefined || until > now;
