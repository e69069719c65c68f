import type { BlockChange, BlockEntry } from '../limits/block-entry.ts';
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
      this.delete(entry.network, { network: entry.network, at: Date.now() });
  }

  tell(entry: BlockEntry): void {
    if (!entry.forgeable) this.upsert(entry.network, rowOf(entry));
  }
}
