import type { BindingBatch } from '../../data/messages.ts';
import { reasonOf } from '../data-directory.ts';
import type { RegistrationsTable } from './registrations.ts';

export interface RegistrationsWriterOptions {
  readonly retryMs: number;
  /** The batch is on disk, or will never be. */
  stored(batch: number): void;
  /** The disk began to fail, or works again. Once each, however often it is retried. */
  failing(why: string): void;
  recovered(): void;
}

/**
 * Writes batches as they come. While the disk fails the batch is held and tried again; the data plane
 * sends no other meanwhile and goes on serving, keeping the last change of each binding.
 */
export class RegistrationsWriter {
  readonly #table: RegistrationsTable | undefined;
  readonly #options: RegistrationsWriterOptions;
  #held: BindingBatch | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failing = false;
  #closing = false;
  /** Failed writes since the start. */
  errors = 0;

  /** Without a table (it could not be opened) nothing is kept. */
  constructor(table: RegistrationsTable | undefined, options: RegistrationsWriterOptions) {
    this.#table = table;
    this.#options = options;
  }

  write(batch: BindingBatch): void {
    try {
      this.#table?.write(batch.upserts, batch.deletes);
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
