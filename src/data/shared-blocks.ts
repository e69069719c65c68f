import type { BlockChange, BlockEntry } from '../limits/block-entry.ts';
import { laterThan } from '../limits/later-than.ts';
import { rowOf } from './block-changes.ts';
import { Changes } from './changes.ts';
import type { Lifted } from './messages.ts';

/**
 * Collects changes of the block list for the other nodes: those that were decided here and that nobody can bring about
 * in another's name. What ends by its time does so everywhere.
 */
export class SharedBlocks extends Changes<BlockEntry, Lifted> {
  changed({ kind, entry, elsewhere }: BlockChange): void {
    if (entry.forgeable || elsewhere === true) return;
    if (kind === 'added' || kind === 'changed') this.tell(entry);
    else if (kind === 'lifted')
      this.delete(entry.network, {
        network: entry.network,
        at: laterThan(entry.changedAt, Date.now()),
      });
  }

  /** Tells of it again, unless it is older than what is still to be told: another node may have had it meanwhile. */
  tell(entry: BlockEntry): void {
    const lifted = this.deleting(entry.network);
    if (entry.forgeable || (lifted !== undefined && lifted.at >= entry.changedAt)) return;
    this.upsert(entry.network, rowOf(entry));
  }
}
