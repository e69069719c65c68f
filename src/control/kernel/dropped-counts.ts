import { type DroppedBy, droppedBy } from './ruleset.ts';

/** What the kernel dropped since the start: its counters begin at zero with each new table. */
export class DroppedCounts {
  readonly #before = new Map<DroppedBy, number>();
  #now: ReadonlyMap<DroppedBy, number> = new Map();

  get all(): Readonly<Record<DroppedBy, number>> {
    const total = (by: DroppedBy): number => (this.#before.get(by) ?? 0) + (this.#now.get(by) ?? 0);
    return Object.fromEntries(droppedBy.map((by) => [by, total(by)])) as Record<DroppedBy, number>;
  }

  read(counters: ReadonlyMap<DroppedBy, number>): void {
    this.#now = counters;
  }

  /** The table is a new one. */
  begunAnew(): void {
    const all = this.all;
    this.#now = new Map();
    for (const by of droppedBy) this.#before.set(by, all[by]);
  }
}
