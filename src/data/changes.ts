export interface ChangesOptions<Row, Key> {
  readonly everyMs: number;
  readonly rowsPerBatch: number;
  /** Deletes beyond this are forgotten: an expired row is skipped when the database is read again. */
  readonly mostPending: number;
  send(batch: Batch<Row, Key>): void;
}

/** What goes to the disk together, and is stored or not as one. */
export interface Batch<Row, Key> {
  readonly batch: number;
  readonly upserts: readonly Row[];
  readonly deletes: readonly Key[];
}

/**
 * Collects changes of rows for the disk. Only the last change of each is kept, one batch is under way at a time, and the
 * next waits until it is stored: a storm of changes, or a stalled disk, costs memory for one change per row and nothing
 * more.
 */
export abstract class Changes<Row, Key> {
  readonly #options: ChangesOptions<Row, Key>;
  readonly #upserts = new Map<string, Row>();
  readonly #deletes = new Map<string, Key>();
  #batch = 0;
  #underWay = false;
  #timer: NodeJS.Timeout | undefined;
  #emptied: (() => void) | undefined;

  constructor(options: ChangesOptions<Row, Key>) {
    this.#options = options;
  }

  /** `id` is as unique as the key. */
  protected upsert(id: string, row: Row): void {
    this.#deletes.delete(id);
    this.#upserts.set(id, row);
    this.#later();
  }

  protected delete(id: string, key: Key): void {
    this.#upserts.delete(id);
    if (this.#left >= this.#options.mostPending) return;
    this.#deletes.set(id, key);
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
    const upserts: Row[] = [];
    const deletes: Key[] = [];
    const { rowsPerBatch } = this.#options;
    for (const [id, key] of this.#deletes) {
      if (deletes.length >= rowsPerBatch) break;
      this.#deletes.delete(id);
      deletes.push(key);
    }
    for (const [id, row] of this.#upserts) {
      if (upserts.length + deletes.length >= rowsPerBatch) break;
      this.#upserts.delete(id);
      upserts.push(row);
    }
    this.#underWay = true;
    this.#batch++;
    this.#options.send({ batch: this.#batch, upserts, deletes });
  }
}
