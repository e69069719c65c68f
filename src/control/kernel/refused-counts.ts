import type { RefusedElsewhere } from '../../data/messages.ts';
import { isCounted, nameOf } from './block-sets.ts';
import type { KernelTable } from './kernel-table.ts';
import type { Mirror } from './mirror.ts';

/** What nft lists may be a moment old. */
const MARGIN_MS = 2000;

export interface CountedSets {
  readonly refused: readonly RefusedElsewhere[];
  /** Is everything there that is to be there? Whatever somebody took out by hand is not. */
  readonly complete: boolean;
  readonly tookMs: number;
}

/** How often each blocked source came, as the kernel has it: each time what was not told before. */
export class RefusedCounts {
  readonly #table: Pick<KernelTable, 'count'>;
  /** By set, and element. */
  #told = new Map<string, ReadonlyMap<string, number>>();

  constructor(table: Pick<KernelTable, 'count'>) {
    this.#table = table;
  }

  /** The table is a new one, and counts from zero. */
  begunAnew(): void {
    this.#told = new Map();
  }

  /** Reads every element there is: 30 ms for a thousand, 3 s for a hundred thousand, most of it in another process. */
  async read(mirror: Mirror): Promise<CountedSets> {
    const refused: RefusedElsewhere[] = [];
    let complete = true;
    let tookMs = 0;
    for (const set of mirror.sets) {
      const name = nameOf(set);
      if (!isCounted(set) || mirror.in(set).size === 0) continue;
      const begun = performance.now();
      const counted = await this.#table.count(set);
      if (counted === undefined) continue;
      tookMs += counted.tookMs;
      const told = this.#told.get(name);
      this.#told.set(name, counted.packets);
      const now = Date.now();
      for (const [element, { network, until, since }] of mirror.in(set)) {
        const packets = counted.packets.get(element);
        if (packets === undefined) {
          const isOld = since < begun && (until === undefined || until > now + MARGIN_MS);
          if (isOld) complete = false;
          continue;
        }
        const before = told?.get(element) ?? 0;
        // one that was put in anew counts from zero again
        const more = packets < before ? packets : packets - before;
        if (more > 0) refused.push({ network, packets: more });
      }
    }
    return { refused, complete, tookMs };
  }
}
