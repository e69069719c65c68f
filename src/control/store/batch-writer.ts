import { reasonOf } from '../../config/reason-of.ts';
import type { Batch } from '../../data/changes.ts';

export interface BatchWriterOptions {
  readonly retryMs: number;
  /** The batch is on disk, or will never be. */
  stored(batch: number): void;
  /** The disk began to fail, or works again. Once each, however often it is retried. */
  failing(why: string): void;
  recovered(): void;
}

interface Table<Row, Key> {
  /** All or nothing. */
  write(upserts: readonly Row[], deletes: readonly Key[]): void;
}

/**
 * Writes batches as they come. While the disk fails the batch is held and tried again; the data plane
 * sends no other meanwhile and goes on serving, keeping the last change of each row.
 */
export class BatchWriter<Row, Key> {
  readonly #table: () => Table<Row, Key>;
  readonly #options: BatchWriterOptions;
  #held: Batch<Row, Key> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failing = false;
  #closing = false;
  /** Failed writes since the start. */
  errors = 0;

  /** `table` throws while it cannot be opened, which is a write that failed. */
  constructor(table: () => Table<Row, Key>, options: BatchWriterOptions) {
    this.#table = table;
    this.#options = options;
  }

  write(batch: Batch<Row, Key>): void {
    try {
      this.#table().write(batch.upserts, batch.deletes);
    } catch (error) {
      this.errors++;
      if (!this.#failing) this.#options.failing(reasonOf(error));
      this.#failing = true;
      if (this.#closing) {
        this.#options.stored(batch.batch);
      } else {
        this.#held = batch;
        this.#retry = setTimeout(() => this.#again(), this.#options.retryMs);
      }
      return;
    }
    if (this.#failing) this.#options.recovered();
    this.#failing = false;
    this.#options.stored(batch.batch);
  }

  /** From now on each batch is tried once, so that a full disk does not keep the process from ending. */
  close(): void {
    this.#closing = true;
    this.#again();
  }

  #again(): void {
    clearTimeout(this.#retry);
    const held = this.#held;
    this.#held = undefined;
    if (held) this.write(held);
  }
}
