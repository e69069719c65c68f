import { hashed, hashKey } from './key-hash.ts';

const WAYS = 8;
const WAY_BITS = 3;
const NONE = -1;

/**
 * A fixed number of places for keys that strangers choose, eight to a set. A key is kept as 64 bits of a secret hash,
 * so nothing of what was sent is held, nothing is allocated after the start, and no two keys can be made to meet.
 *
 * In a crowded set the place of least worth goes. Half full, one key in 250 is in a set with too many; up to a quarter,
 * practically none.
 */
export class KeyPlaces {
  readonly size: number;
  /** Set by whoever claims a place; a time up to which it is worth keeping serves well. */
  readonly worth: Float64Array;
  readonly #lows: Int32Array;
  readonly #highs: Int32Array;
  readonly #setMask: number;

  /** `most` is rounded up to a power of two. */
  constructor(most: number) {
    const sets = 2 ** Math.max(0, Math.ceil(Math.log2(most / WAYS)));
    this.size = sets * WAYS;
    this.#setMask = sets - 1;
    this.#lows = new Int32Array(this.size);
    this.#highs = new Int32Array(this.size);
    this.worth = new Float64Array(this.size).fill(Number.NEGATIVE_INFINITY);
  }

  /** The key's place, or -1. The salt tells apart several things kept for one key. */
  find(key: string, salt = 0): number {
    hashKey(key);
    const low = hashed.low;
    const high = hashed.high ^ Math.imul(salt, 0x9e3779b1);
    const first = (high & this.#setMask) << WAY_BITS;
    for (let place = first; place < first + WAYS; place++)
      if (this.#lows[place] === low && this.#highs[place] === high) return place;
    return NONE;
  }

  /** A place for a key that has none, whoever had it before; what was kept there is for the caller to overwrite. */
  claim(key: string, salt = 0): number {
    hashKey(key);
    const high = hashed.high ^ Math.imul(salt, 0x9e3779b1);
    const first = (high & this.#setMask) << WAY_BITS;
    let least = first;
    for (let place = first + 1; place < first + WAYS; place++)
      if ((this.worth[place] as number) < (this.worth[least] as number)) least = place;
    this.#lows[least] = hashed.low;
    this.#highs[least] = high;
    return least;
  }

  /** The place is nobody's, and the first to be claimed again. */
  release(place: number): void {
    this.#lows[place] = 0;
    this.#highs[place] = 0;
    this.worth[place] = Number.NEGATIVE_INFINITY;
  }
}
