import { EVERY_KIND, RecentEvents, type RecentEventsOptions } from './recent-events.ts';

/** Failures per key, told apart by kind; a key is a source, or an extension and a source. At most 32 kinds. */
export class FailureCounts<Kind extends string> {
  readonly #kinds: readonly Kind[];
  readonly #events: RecentEvents;

  constructor(kinds: readonly Kind[], options: RecentEventsOptions) {
    this.#kinds = kinds;
    this.#events = new RecentEvents(options);
  }

  note(key: string, kind: Kind, now: number): void {
    this.#events.note(key, now, this.#kinds.indexOf(kind));
  }

  /** How many there were within the window, of these kinds or of any; exact up to `remember`. */
  count(key: string, withinMs: number, now: number, kinds?: readonly Kind[]): number {
    return this.#events.count(key, withinMs, now, kinds ? this.#bits(kinds) : EVERY_KIND);
  }

  last(key: string): { readonly kind: Kind; readonly at: number } | undefined {
    const last = this.#events.last(key);
    const kind = last && this.#kinds[last.kind];
    return kind && { kind, at: last.at };
  }

  /** Forgets a key's failures, as when it succeeds. */
  clear(key: string): void {
    this.#events.clear(key);
  }

  #bits(kinds: readonly Kind[]): number {
    let bits = 0;
    for (const kind of kinds) bits |= 1 << this.#kinds.indexOf(kind);
    return bits;
  }
}
