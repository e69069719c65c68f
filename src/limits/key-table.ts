import { hashOfKey } from './key-hash.ts';

const SMALLEST = 256;
const NONE = -1;

/**
 * A map for what comes and goes by the thousand. V8's own leaves each table it outgrew or tidied up linked to the
 * next, with what was in it: once one of them is old, all that ever passed through looks alive to the collector
 * of the young, is copied, promoted and pauses everything. Here places are used again.
 */
export class KeyTable<Value> {
  readonly #keys: (string | undefined)[] = [];
  readonly #values: (Value | undefined)[] = [];
  /** For each place its hash, and the next place of its chain or of the free ones. */
  #hashes = new Int32Array(SMALLEST);
  #nexts = new Int32Array(SMALLEST);
  #heads = new Int32Array(SMALLEST).fill(NONE);
  #shift = 32 - Math.log2(SMALLEST);
  #free = NONE;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    const place = this.#placeOf(key);
    return place === NONE ? undefined : this.#values[place];
  }

  set(key: string, value: Value): void {
    let place = this.#placeOf(key);
    if (place !== NONE) {
      this.#values[place] = value;
      return;
    }
    const hash = hashOfKey(key);
    if (this.#free === NONE) place = this.#newPlace();
    else {
      place = this.#free;
      this.#free = this.#nexts[place] as number;
    }
    this.#keys[place] = key;
    this.#values[place] = value;
    this.#hashes[place] = hash;
    this.#link(place, hash);
    this.#size++;
  }

  delete(key: string): void {
    const hash = hashOfKey(key);
    let before = NONE;
    for (
      let place = this.#heads[hash >>> this.#shift] as number;
      place !== NONE;
      place = this.#nexts[place] as number
    ) {
      if (this.#hashes[place] === hash && this.#keys[place] === key) {
        const after = this.#nexts[place] as number;
        if (before === NONE) this.#heads[hash >>> this.#shift] = after;
        else this.#nexts[before] = after;
        this.#keys[place] = undefined;
        this.#values[place] = undefined;
        this.#nexts[place] = this.#free;
        this.#free = place;
        this.#size--;
        return;
      }
      before = place;
    }
  }

  /** What is added or removed meanwhile may or may not be seen. */
  *values(): IterableIterator<Value> {
    for (let place = 0; place < this.#values.length; place++) {
      const value = this.#values[place];
      if (value !== undefined) yield value;
    }
  }

  /** As `values`. */
  *entries(): IterableIterator<readonly [string, Value]> {
    for (let place = 0; place < this.#keys.length; place++) {
      const key = this.#keys[place];
      const value = this.#values[place];
      if (key !== undefined && value !== undefined) yield [key, value];
    }
  }

  clear(): void {
    this.#keys.length = 0;
    this.#values.length = 0;
    this.#heads.fill(NONE);
    this.#free = NONE;
    this.#size = 0;
  }

  #placeOf(key: string): number {
    const hash = hashOfKey(key);
    for (
      let place = this.#heads[hash >>> this.#shift] as number;
      place !== NONE;
      place = this.#nexts[place] as number
    )
      if (this.#hashes[place] === hash && this.#keys[place] === key) return place;
    return NONE;
  }

  #newPlace(): number {
    const place = this.#keys.length;
    if (place === this.#hashes.length) this.#grow();
    this.#keys.push(undefined);
    this.#values.push(undefined);
    return place;
  }

  #link(place: number, hash: number): void {
    const bucket = hash >>> this.#shift;
    this.#nexts[place] = this.#heads[bucket] as number;
    this.#heads[bucket] = place;
  }

  /** Only when every place is taken, so each is linked anew. */
  #grow(): void {
    const places = this.#hashes.length * 2;
    const hashes = new Int32Array(places);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#nexts = new Int32Array(places);
    this.#heads = new Int32Array(places).fill(NONE);
    this.#shift--;
    for (let place = 0; place < this.#keys.length; place++)
      this.#link(place, hashes[place] as number);
  }
}
