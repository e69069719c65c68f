import { LRUCache } from 'lru-cache';
import { sourceOf } from './packed-address.ts';

const MOST_FORMER = 65_536;
const REMEMBERED_MS = 24 * 3_600_000;

/**
 * The addresses that phones are registered from, or were of late: after an outage that outlasts their registrations
 * they are no strangers. IPv6 by /64.
 */
export class FamiliarSources {
  readonly #counts = new Map<string, number>();
  readonly #former = new LRUCache<string, true>({ max: MOST_FORMER, ttl: REMEMBERED_MS });

  /** Is anybody registered from this source (`sourceOf`) now? */
  holds(source: string): boolean {
    return this.#counts.has(source);
  }

  /** Now, or of late? */
  has(source: string): boolean {
    return this.#counts.has(source) || (this.#former.size > 0 && this.#former.has(source));
  }

  /** A phone is registered from there. */
  came(address: string): void {
    const source = sourceOf(address);
    this.#counts.set(source, (this.#counts.get(source) ?? 0) + 1);
  }

  /** A registration from there is over. */
  left(address: string): void {
    const source = sourceOf(address);
    const left = (this.#counts.get(source) ?? 0) - 1;
    if (left > 0) {
      this.#counts.set(source, left);
      return;
    }
    this.#counts.delete(source);
    this.#former.set(source, true);
  }
}
