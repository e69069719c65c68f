import { KeyPlaces } from './key-places.ts';

const SLICES = 8;
/** A key that came this often within a window is worth keeping for all of it. */
const MUCH = 64;

/**
 * "N in T seconds", for any number of keys and windows. A window is counted in eight slices. What is counted is all of
 * the last seven eighths of the window and nothing older than the window: never too much, so nobody is blocked
 * for what is past, and too little only by what came at the window's very beginning.
 *
 * When places are short, those go that have seen least: a flood of keys that come once each pushes out its own.
 */
export class WindowCounts {
  readonly #places: KeyPlaces;
  readonly #counts: Uint32Array;
  /** The number of the newest slice of each place, since the beginning of time. */
  readonly #newest: Float64Array;

  /** A key takes a place for each window it is counted in. */
  constructor(mostPlaces: number) {
    this.#places = new KeyPlaces(mostPlaces);
    this.#counts = new Uint32Array(this.#places.size * SLICES);
    this.#newest = new Float64Array(this.#places.size);
  }

  /** Counts one, and says how many there are within the window, this one included. */
  add(key: string, seconds: number, now: number): number {
    const salt = seconds * 1000;
    const current = Math.floor((now * SLICES) / salt);
    const known = this.#places.find(key, salt);
    const place = known < 0 ? this.#newPlace(key, salt, current) : known;
    const slice = this.#advance(place, current);
    (this.#counts[place * SLICES + (slice % SLICES)] as number)++;
    const count = this.#sum(place);
    this.#places.worth[place] = now + salt * Math.min(1, count / MUCH);
    return count;
  }

  /** How many there are within the window. */
  count(key: string, seconds: number, now: number): number {
    const salt = seconds * 1000;
    const place = this.#places.find(key, salt);
    if (place < 0) return 0;
    this.#advance(place, Math.floor((now * SLICES) / salt));
    return this.#sum(place);
  }

  #newPlace(key: string, salt: number, slice: number): number {
    const place = this.#places.claim(key, salt);
    // so few are cleared in less time than it takes to call `fill`
    for (let at = place * SLICES; at < (place + 1) * SLICES; at++) this.#counts[at] = 0;
    this.#newest[place] = slice;
    return place;
  }

  /**
   * Clears the slices that time went past. A clock that went back goes on counting in the newest; by more than a window,
   * and counting begins anew, or what comes until it is as late again would all be counted together.
   */
  #advance(place: number, slice: number): number {
    const newest = this.#newest[place] as number;
    if (slice <= newest && newest - slice <= SLICES) return newest;
    const passed = slice < newest ? SLICES : Math.min(SLICES, slice - newest);
    for (let back = 0; back < passed; back++)
      this.#counts[place * SLICES + ((slice - back) % SLICES)] = 0;
    this.#newest[place] = slice;
    return slice;
  }

  #sum(place: number): number {
    let sum = 0;
    for (let at = place * SLICES; at < (place + 1) * SLICES; at++)
      sum += this.#counts[at] as number;
    return sum;
  }
}
