import type { BlockChange, BlockEntry } from '../limits/block-entry.ts';
import type { SharedBatch } from './messages.ts';
import { SharedBlocks } from './shared-blocks.ts';

const batches = { everyMs: 50, rowsPerBatch: 2000, mostPending: 400_000 } as const;

/** A turn of telling everything anew takes a millisecond or two of the thread that carries calls. */
const TOLD_PER_TURN = 1000;
const NEXT_TURN_MS = 20;

/** What the other nodes are told of, on its way to the control plane. */
export class Sharing {
  readonly #blocks: SharedBlocks;
  #telling: NodeJS.Timeout | undefined;

  constructor(send: (batch: SharedBatch) => void) {
    this.#blocks = new SharedBlocks({
      ...batches,
      send: (batch) => send({ kind: 'blocks', ...batch }),
    });
  }

  blockChanged(change: BlockChange): void {
    this.#blocks.changed(change);
  }

  taken(_kind: SharedBatch['kind'], batch: number): void {
    this.#blocks.stored(batch);
  }

  /** Everything is told again, a piece at a time. */
  tellAll(blocks: Iterable<BlockEntry>): void {
    clearInterval(this.#telling);
    const entries = Iterator.from(blocks);
    this.#telling = setInterval(() => {
      for (let left = TOLD_PER_TURN; left > 0; left--) {
        const { done, value } = entries.next();
        if (done) return clearInterval(this.#telling);
        this.#blocks.tell(value);
      }
    }, NEXT_TURN_MS);
  }

  close(): void {
    clearInterval(this.#telling);
  }
}
