import { canonicalNetwork } from '../limits/address-key.ts';
import type { BlockChange, BlockEntry } from '../limits/block-entry.ts';
import { laterThan } from '../limits/later-than.ts';
import { rowOf } from './block-changes.ts';
import type { Lifted } from './messages.ts';
import { SharedChanges } from './shared-changes.ts';

/**
 * Collects changes of the block list for the other nodes: those that were decided here and that nobody can bring about
 * in another's name. What ends by its time does so everywhere.
 */
export class SharedBlocks extends SharedChanges<BlockEntry, Lifted> {
  changed({ kind, entry, elsewhere }: BlockChange): void {
    if (entry.forgeable || elsewhere === true) return;
    const { network, changedAt } = entry;
    if (kind === 'added' || kind === 'changed') this.decided(rowOf(entry));
    else if (kind === 'lifted') this.takeBack({ network, at: laterThan(changedAt, Date.now()) });
  }

  override tell(entry: BlockEntry): void {
    if (!entry.forgeable) super.tell(rowOf(entry));
  }

  protected override idOf({ network }: BlockEntry | Lifted): string {
    return canonicalNetwork(network);
  }
}
