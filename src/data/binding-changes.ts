import type { BindingKey, BindingRow, RegistrationsStore } from '../edge/registrations-store.ts';
import type { BindingBatch } from './messages.ts';

export interface BindingChangesOptions {
  readonly everyMs: number;
  readonly rowsPerBatch: number;
  /** Deletes beyond this are forgotten: an expired row is skipped when the database is read again. */
  readonly mostPending: number;
  send(batch: BindingBatch): void;
}

/**
 * Collects changes of registrations for the disk. Only the last change of each binding is kept, one batch
 * is under way at a time, and the next waits until it is stored: a storm of re-registrations, or a
 * stalled disk, costs memory for one change per binding and nothing more.
 */
export class BindingChanges implements RegistrationsStore {
  readonly #options: BindingChangesOptions;
  /** By token, which is as unique as address of record and Contact together. */
  readonly #upserts = new Map<string, BindingRow>();
  readonly #deletes = new Map<string, BindingKey>();
  #batch = 0;
  #underWay = false;
  #timer: NodeJS.Timeout | undefined;
  #emptied: (() => void) | undefined;

  constructor(options: BindingChangesOptions) {
    this.#options = options;
  }

  saved(row: BindingRow): void {
    this.#deletes.delete(row.token);
    this.#upserts.set(row.token, row);
    this.#later();
  }

  removed({ token, aor, contact }: BindingRow): void {
    this.#upserts.delete(token);
    if (this.#left >= this.#options.mostPending) return;
    this.#deletes.set(token, { aor, contact });
    this.#later();
  }

  /** The batch of that number was written. */
  stored(batch: number): void {
    if (batch !== this.#batch) return;
    this.#underWay = false;
    if (this.#left === 0) this.#emptied?.();
    else if (this.#emptied) this.#send();
    else this.#later();
  }

  /** Sends what is left without waiting for the interval; resolves when all of it is stored. */
  flush(): Promise<void> {
    if (this.#left === 0 && !this.#underWay) return Promise.resolve();
    return new Promise((resolve) => {
      this.#emptied = resolve;
      if (!this.#underWay) this.#send();
    });
  }

  get #left(): number {
    return this.#upserts.size + this.#deletes.size;
  }

  #later(): void {
    if (this.#timer || this.#underWay) return;
    this.#timer = setTimeout(() => this.#send(), this.#options.everyMs);
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#underWay || this.#left === 0) return;
    const upserts: BindingRow[] = [];
    const deletes: BindingKey[] = [];
    const { rowsPerBatch } = this.#options;
    for (const [token, key] of this.#deletes) {
      if (deletes.length >= rowsPerBatch) break;
      this.#deletes.delete(token);
      deletes.push(key);
    }
    for (const [token, row] of this.#upserts) {
      if (upserts.length + deletes.length >= rowsPerBatch) break;
      this.#upserts.delete(token);
      upserts.push(row);
    }
    this.#underWay = true;
    this.#batch++;
    this.#options.send({ batch: this.#batch, upserts, deletes });
  }
}
