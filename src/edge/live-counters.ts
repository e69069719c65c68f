import { LRUCache } from 'lru-cache';
import type { Counters } from '../policy/counters.ts';

const MOST_KEYS = 65_536;

/** What was counted of live traffic. Bounded, whatever strangers send. */
export class LiveCounters implements Counters {
  readonly #buckets = new LRUCache<string, { tokens: number; at: number }>({ max: MOST_KEYS });
  readonly #windows = new LRUCache<string, number[]>({ max: MOST_KEYS });

  take(key: string, perSecond: number, burst: number, at: number): boolean {
    const last = this.#buckets.get(key) ?? { tokens: burst, at };
    const tokens = Math.min(burst, last.tokens + ((at - last.at) / 1000) * perSecond);
    const taken = tokens >= 1;
    this.#buckets.set(key, { tokens: taken ? tokens - 1 : tokens, at });
    return taken;
  }

  within(key: string, seconds: number, at: number): number {
    const recent = (this.#windows.get(key) ?? []).filter((one) => one > at - seconds * 1000);
    recent.push(at);
    this.#windows.set(key, recent);
    return recent.length;
  }

  failures(_key: string, _seconds: number, _at: number): number {
    return 0;
  }
  live(_key: string): number {
    return 0;
  }
  calls(key: string, seconds: number, at: number): number {
    return this.within(`calls ${key}`, seconds, at);
  }
  distinct(_key: string, _seconds: number, _at: number): number {
    return 1;
  }
}
