import { LRUCache } from 'lru-cache';
import type { Ledger } from '../limits/ledger.ts';
import type { Counters } from '../policy/counters.ts';
import type { FailureKind } from '../policy/failure-kinds.ts';
import type { Guesses } from './guesses.ts';

const MOST_KEYS = 65_536;

/** What was counted of live traffic. Bounded, whatever strangers send. */
export class LiveCounters implements Counters {
  /** The same counts, for whoever asks without being counted: a trail, a question. */
  readonly looking: Counters = {
    take: (key, perSecond, burst, at) => this.#tokens(key, perSecond, burst, at) >= 1,
    within: (key, seconds, at) => this.#recent(key, seconds, at).length,
    failures: (key, seconds, at) => this.failures(key, seconds, at),
    live: (key) => this.live(key),
    calls: (key, seconds, at) => this.calls(key, seconds, at),
    distinct: (key, seconds, at) => this.distinct(key, seconds, at),
  };
  readonly #buckets = new LRUCache<string, { tokens: number; at: number }>({ max: MOST_KEYS });
  readonly #windows = new LRUCache<string, readonly number[]>({ max: MOST_KEYS });

  readonly #guesses: Guesses;
  readonly #ledger: Ledger;

  /** Calls count once they were let through, so asking for them never counts along. */
  constructor(guesses: Guesses, ledger: Ledger) {
    this.#guesses = guesses;
    this.#ledger = ledger;
  }

  take(key: string, perSecond: number, burst: number, at: number): boolean {
    const tokens = this.#tokens(key, perSecond, burst, at);
    this.#buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
    return tokens >= 1;
  }

  #tokens(key: string, perSecond: number, burst: number, at: number): number {
    const last = this.#buckets.get(key) ?? { tokens: burst, at };
    return Math.min(burst, last.tokens + ((at - last.at) / 1000) * perSecond);
  }

  within(key: string, seconds: number, at: number): number {
    const recent = [...this.#recent(key, seconds, at), at];
    this.#windows.set(key, recent);
    return recent.length;
  }

  #recent(key: string, seconds: number, at: number): readonly number[] {
    return (this.#windows.get(key) ?? []).filter((one) => one > at - seconds * 1000);
  }

  failures(key: string, seconds: number, at: number, kind?: FailureKind): number {
    return this.#guesses.failures(key, seconds, at, kind);
  }
  live(key: string): number {
    return this.#ledger.live(key);
  }
  calls(key: string, seconds: number, at: number): number {
    return this.#ledger.callsWithin(key, seconds, at) + 1;
  }
  distinct(key: string, seconds: number, at: number): number {
    return this.#guesses.distinct(key, seconds, at);
  }
}
