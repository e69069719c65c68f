import type { Registrations } from '../edge/registrations.ts';
import type { Ledger } from '../limits/ledger.ts';
import { keyOf } from '../policy/call-keys.ts';
import type { Extensions } from '../policy/extensions.ts';
import type { ExtensionStats } from './call-stats.ts';

interface Counts {
  calls: number;
  refused: number;
  failed: number;
}

/**
 * Counts of single extensions: of those alone that stand in the list and are to have metrics. Whom a stranger says he is
 * makes no row.
 */
export class ExtensionCounts {
  #rows = new Map<string, Counts>();

  /** These from now on; what was counted stays. */
  follow(extensions: Pick<Extensions, 'withMetrics'>): void {
    const before = this.#rows;
    this.#rows = new Map();
    for (const name of extensions.withMetrics())
      this.#rows.set(name, before.get(name) ?? { calls: 0, refused: 0, failed: 0 });
  }

  /** Nobody is to have any: who it was need not be found out. */
  get none(): boolean {
    return this.#rows.size === 0;
  }

  count(what: keyof Counts, extension: string | undefined): void {
    const row = extension === undefined ? undefined : this.#rows.get(extension);
    if (row !== undefined) row[what]++;
  }

  stats(
    ledger: Pick<Ledger, 'live'>,
    registrations: Pick<Registrations, 'ofUser'>,
  ): readonly ExtensionStats[] {
    return [...this.#rows].map(([name, counts]) => ({
      name,
      registrations: registrations.ofUser(name).length,
      live: ledger.live(keyOf('extension', name)),
      ...counts,
    }));
  }
}
