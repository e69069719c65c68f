import { LRUCache } from 'lru-cache';
import { sourceOf } from './packed-address.ts';

const MOST_FORMER = 65_536;
const REMEMBERED_MS = 24 * 3_600_000;

/** Until when a source is familiar. */
export interface FamiliarSource {
  readonly source: string;
  /** `undefined`: as long as somebody is registered from there; 0: not any more. */
  readonly until: number | undefined;
}

/**
 * The addresses that phones are registered from, or were of late: after an outage that outlasts their registrations
 * they are no strangers. IPv6 by /64.
 */
export class FamiliarSources {
  readonly #counts = new Map<string, number>();
  readonly #former = new LRUCache<string, number>({
    max: MOST_FORMER,
    ttl: REMEMBERED_MS,
    dispose: (_until, source, why) => {
      if (why === 'evict' && !this.#counts.has(source)) this.changed({ source, until: 0 });
    },
  });
  /** Told of each source whose end is another than before; not of those whose time has come. */
  changed: (source: FamiliarSource) => void = () => {};

  /** Is anybody registered from this source (`sourceOf`) now? */
  holds(source: string): boolean {
    return this.#counts.has(source);
  }

  /** Now, or of late? */
  has(source: string): boolean {
    return this.#counts.has(source) || (this.#former.size > 0 && this.#former.has(source));
  }

  /** What comes or goes meanwhile may or may not be seen. */
  *all(): IterableIterator<FamiliarSource> {
    for (const [source, until] of this.#former.entries())
      if (!this.#counts.has(source)) yield { source, until };
    for (const source of this.#counts.keys()) yield { source, until: undefined };
  }

  /** A phone is registered from there. */
  came(address: string): void {
    const source = sourceOf(address);
    const before = this.#counts.get(source) ?? 0;
    this.#counts.set(source, before + 1);
    if (before === 0) this.changed({ source, until: undefined });
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
    const until = Date.now() + REMEMBERED_MS;
    this.#former.set(source, until);
    this.changed({ source, until });
  }
}
