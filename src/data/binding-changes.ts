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
  readonly #pending = new Map<
    string,
    { readonly key: BindingKey; readonly row: BindingRow | undefined }
  >();
  #batch = 0;
  #underWay = false;
  #timer: NodeJS.Timeout | undefined;
  #emptied: (() => void) | undefined;

  constructor(options: BindingChangesOptions) {
    this.#options = options;
  }

  saved(row: BindingRow): void {
    this.#pending.set(keyOf(row), { key: row, row });
    this.#later();
  }

  removed(key: BindingKey): void {
    const text = keyOf(key);
    if (this.#pending.size >= this.#options.mostPending && !this.#pending.has(text)) return;
    this.#pending.set(text, { key: { aor: key.aor, contact: key.contact }, row: undefined });
    this.#later();
  }

  /** The batch of that number was written. */
  stored(batch: number): void {
    if (batch !== this.#batch) return;
    this.#underWay = false;
    if (this.#pending.size === 0) this.#emptied?.();
    else if (this.#emptied) this.#send();
    else this.#later();
  }

  /** Sends what is left without waiting for the interval; resolves when all of it is stored. */
  flush(): Promise<void> {
    if (this.#pending.size === 0 && !this.#underWay) return Promise.resolve();
    return new Promise((resolve) => {
      this.#emptied = resolve;
      if (!this.#underWay) this.#send();
    });
  }

  #later(): void {
    if (this.#timer || this.#underWay) return;
    this.#timer = setTimeout(() => this.#send(), this.#options.everyMs);
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#underWay || this.#pending.size === 0) return;
    const upserts: BindingRow[] = [];
    const deletes: BindingKey[] = [];
    for (const [text, { key, row }] of this.#pending) {
      if (upserts.length + deletes.length >= this.#options.rowsPerBatch) break;
      this.#pending.delete(text);
      if (row) upserts.push(row);
      else deletes.push(key);
    }
    this.#underWay = true;
    this.#batch++;
    this.#options.send({ batch: this.#batch, upserts, deletes });
  }
}

function keyOf({ aor, contact }: BindingKey): string {
  return `${aor}\n${contact}`;
}
