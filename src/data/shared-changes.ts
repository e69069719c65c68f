import { LRUCache } from 'lru-cache';
import { laterThan } from '../limits/later-than.ts';
import { Changes } from './changes.ts';

/** What was taken back is remembered of so many; Redis knows longer, as long as it loses nothing. */
const MOST_GONE = 20_000;

/**
 * Collects changes of a table for the other nodes. What was taken back, here or elsewhere, is remembered: a node that was
 * away meanwhile, or a Redis that came back with what it knew before, still tells of it.
 */
export abstract class SharedChanges<
  Row extends { readonly changedAt: number },
  Gone extends { readonly at: number },
> extends Changes<Row, Gone> {
  readonly #gone = new LRUCache<string, Gone>({ max: MOST_GONE });

  protected abstract idOf(row: Row | Gone): string;

  /** Tells of it again, unless it was taken back since: another node may have had it meanwhile. */
  tell(row: Row): void {
    if (this.#goneSince(row) === undefined) this.upsert(this.idOf(row), row);
  }

  /** It was decided here just now: after what was taken back, also where the clock of whoever did so is ahead. */
  protected decided(row: Row): void {
    const id = this.idOf(row);
    const gone = this.#gone.peek(id);
    this.#gone.delete(id);
    const isLater = gone === undefined || row.changedAt > gone.at;
    this.upsert(id, isLater ? row : { ...row, changedAt: laterThan(gone.at, row.changedAt) });
  }

  protected takeBack(gone: Gone): void {
    this.#remember(gone);
    this.delete(this.idOf(gone), gone);
  }

  /** Tells of what was taken back again, one at a time: Redis may have lost it before all others had heard. */
  *tellGone(): Generator<void> {
    for (const gone of this.#gone.values()) {
      this.delete(this.idOf(gone), gone);
      yield;
    }
  }

  /** Others say this. What of it is news: not what was taken back since, and they are told so once more. */
  heard<Told extends Row>(rows: readonly Told[], gone: readonly Gone[]): readonly Told[] {
    for (const one of gone) this.#remember(one);
    return rows.filter((row) => {
      const since = this.#goneSince(row);
      if (since !== undefined) this.delete(this.idOf(row), since);
      return since === undefined;
    });
  }

  /** Of two changes in the same instant the one that Redis had first holds. */
  #goneSince(row: Row): Gone | undefined {
    const gone = this.#gone.peek(this.idOf(row));
    return gone !== undefined && gone.at > row.changedAt ? gone : undefined;
  }

  #remember(gone: Gone): void {
    const id = this.idOf(gone);
    if (gone.at > (this.#gone.peek(id)?.at ?? 0)) this.#gone.set(id, gone);
  }
}
