import { RecentEvents, type RecentEventsOptions } from './recent-events.ts';

/**
 * Failures per key, told apart by kind; a key is a source, or an extension and a source. Each kind is remembered by
 * itself, so that nobody hides his wrong passwords behind failures of another kind.
 */
export class FailureCounts<Kind extends string> {
  readonly #kinds: readonly Kind[];
  readonly #events: RecentEvents;

  /** A key takes a place, and is remembered, for each kind of failure that it has. */
  constructor(kinds: readonly Kind[], options: RecentEventsOptions) {
    this.#kinds = kinds;
    this.#events = new RecentEvents(options);
  }

  note(key: string, kind: Kind, now: number): void {
    this.#events.note(key, now, this.#kinds.indexOf(kind));
  }

  /** How many there were within the window, of these kinds or of any; exact up to `remember` of each. */
  count(key: string, withinMs: number, now: number, kinds: readonly Kind[] = this.#kinds): number {
    let count = 0;
    for (let index = 0; index < kinds.length; index++)
      count += this.#events.count(key, withinMs, now, this.#kinds.indexOf(kinds[index] as Kind));
    return count;
  }

  last(key: string): { readonly kind: Kind; readonly at: number } | undefined {
    let last: { readonly kind: Kind; readonly at: number } | undefined;
    this.#kinds.forEach((kind, salt) => {
      const at = this.#events.last(key, salt);
      if (at !== undefined && at >= (last?.at ?? at)) last = { kind, at };
    });
    return last;
  }

  /** Forgets a key's failures, as when it succeeds. */
  clear(key: string): void {
    for (let salt = 0; salt < this.#kinds.length; salt++) this.#events.clear(key, salt);
  }
}
