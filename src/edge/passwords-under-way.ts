/** More of them are judged at once. */
const MOST_WAITING = 1024;
const MOST_IN_A_TURN = 64;

/** Passwords that the PBX is asked about just now, by who tries them where, and calls whose password waits for its turn. */
export class PasswordsUnderWay {
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();
  #waitingCount = 0;
  readonly #isTooMany: (key: string, underWay: number) => boolean;

  /** `isTooMany`: there is room by what has failed, and none with what is under way. */
  constructor(isTooMany: (key: string, underWay: number) => boolean) {
    this.#isTooMany = isTooMany;
  }

  count(key: string): number {
    return this.#counts.size === 0 ? 0 : (this.#counts.get(key) ?? 0);
  }

  /** One more, counted under all of the keys until what this returns is called. */
  begin(keys: readonly string[]): () => void {
    for (const key of keys) this.#counts.set(key, this.count(key) + 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      for (const key of keys) {
        const left = this.count(key) - 1;
        if (left > 0) this.#counts.set(key, left);
        else this.#counts.delete(key);
      }
      // when it is known whether this one was wrong
      if (this.#waitingCount > 0)
        queueMicrotask(() => {
          for (const key of keys) this.#goOn(key);
        });
    };
  }

  /** Is there room under that key when some of those under way turn out right? Then `go` is called when one is answered. */
  waits(key: string, go: () => void): boolean {
    if (!this.isFull(key) || this.isCrowded) return false;
    const others = this.#waiting.get(key);
    if (others === undefined) this.#waiting.set(key, [go]);
    else others.push(go);
    this.#waitingCount++;
    return true;
  }

  /** No more can wait. */
  get isCrowded(): boolean {
    return this.#waitingCount >= MOST_WAITING;
  }

  /** What was sent at once does not go on all at once: others have their turn. */
  #goOn(key: string): void {
    const waiting = this.#waiting.get(key);
    for (let count = 0; waiting !== undefined && waiting.length > 0 && !this.isFull(key); count++) {
      if (count === MOST_IN_A_TURN) {
        setImmediate(() => this.#goOn(key));
        return;
      }
      this.#waitingCount--;
      waiting.shift()?.();
    }
    if (waiting?.length === 0) this.#waiting.delete(key);
  }

  /** Is there room under that key by what has failed, and none with what is under way? */
  isFull(key: string): boolean {
    const underWay = this.count(key);
    return underWay > 0 && this.#isTooMany(key, underWay);
  }
}
