import type { BlockChange, BlockEntry, FoundBlock } from '../limits/block-entry.ts';
import { Changes } from './changes.ts';

/** Collects changes of the block list for the disk; what anybody could bring about is not worth keeping. */
export class BlockChanges extends Changes<BlockEntry, string> {
  changed({ kind, entry }: Pick<BlockChange, 'kind' | 'entry'>): void {
    if (entry.forgeable) return;
    // that a rule blocked it is remembered: the next block lasts longer
    const remembered = kind === 'expired' && entry.offences > 0;
    if (kind === 'added' || kind === 'changed' || remembered) this.seen(entry);
    else this.delete(entry.network, entry.network);
  }

  /** It came again. The list goes on changing the entry: what is kept is how it is now. */
  seen(entry: BlockEntry): void {
    if (!entry.forgeable) this.upsert(entry.network, rowOf(entry));
  }
}

/** The entry as it is now, and nothing else. */
export const rowOf = <By extends FoundBlock['by']>({
  network,
  by,
  rule,
  evidence,
  note,
  firstSeen,
  changedAt,
  lastSeen,
  hits,
  until,
  forgeable,
  offences,
}: FoundBlock & { readonly by: By }): FoundBlock & { readonly by: By } => ({
  ...{ network, by, rule, evidence, note },
  ...{ firstSeen, changedAt, lastSeen, hits, until, forgeable, offences },
});
