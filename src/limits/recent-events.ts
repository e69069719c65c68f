import { KeyPlaces } from './key-places.ts';

const FEWEST = 8;
/** What was later than this after now was before the clock went back. Clocks of other nodes may be a little ahead. */
const AHEAD_MS = 10_000;

export interface RecentEventsOptions {
  readonly mostKeys: number;
  /** The longest window that is asked for. What is older may be forgotten. */
  readonly keepMs: number;
  /** Of one key no more than so many, the newest: one more than the highest limit will do. */
  readonly remember: number;
}

/** The times of a key's last events, in a ring that grows while all that is in it still matters. */
class Ring {
  times = new Float64Array(FEWEST);
  size = 0;
  next = 0;
}

/**
 * When the last events of each key were. A count is exact for any window, up to `remember` events. The salt tells
 * apart several kinds of events of one key.
 *
 * When places are short, those go that have seen least of late.
 */
export class RecentEvents {
  readonly #places: KeyPlaces;
  readonly #rings: (Ring | undefined)[];
  readonly #keepMs: number;
  readonly #remember: number;

  constructor({ mostKeys, keepMs, remember }: RecentEventsOptions) {
    this.#places = new KeyPlaces(mostKeys);
    this.#rings = new Array(this.#places.size);
    this.#keepMs = keepMs;
    this.#remember = remember;
  }

  note(key: string, now: number, salt = 0): void {
    const known = this.#places.find(key, salt);
    const place = known < 0 ? this.#newPlace(key, salt) : known;
    const ring = this.#rings[place] ?? new Ring();
    this.#rings[place] = ring;
    if (ring.size === ring.times.length) this.#makeRoom(ring, now);
    ring.times[ring.next] = now;
    ring.next = (ring.next + 1) % ring.times.length;
    ring.size = Math.min(ring.size + 1, ring.times.length);
    this.#places.worth[place] = now + (this.#keepMs * ring.size) / this.#remember;
  }

  /** How many were within the window that ends now. */
  count(key: string, withinMs: number, now: number, salt = 0): number {
    const ring = this.#ringOf(key, salt);
    if (ring === undefined) return 0;
    const { times, size, next } = ring;
    let count = 0;
    for (let back = 1; back <= size; back++) {
      const at = next - back;
      const time = times[at < 0 ? at + times.length : at] as number;
      if (time <= now - withinMs) break;
      if (time <= now + AHEAD_MS) count++;
    }
    return count;
  }

  last(key: string, salt = 0): number | undefined {
    const ring = this.#ringOf(key, salt);
    return ring?.times.at(ring.next - 1);
  }

  clear(key: string, salt = 0): void {
    const place = this.#places.find(key, salt);
    if (place < 0) return;
    this.#rings[place] = undefined;
    this.#places.release(place);
  }

  #ringOf(key: string, salt: number): Ring | undefined {
    const place = this.#places.find(key, salt);
    return place < 0 ? undefined : this.#rings[place];
  }

  /** A small ring of whoever had the place is used again. */
  #newPlace(key: string, salt: number): number {
    const place = this.#places.claim(key, salt);
    const ring = this.#rings[place];
    if (ring === undefined) return place;
    if (ring.times.length > FEWEST) this.#rings[place] = undefined;
    ring.size = 0;
    ring.next = 0;
    return place;
  }

  /** A full ring grows only if its oldest still matters; else that one is overwritten. */
  #makeRoom(ring: Ring, now: number): void {
    const length = ring.times.length;
    const oldest = ring.times[ring.next] as number;
    if (length >= this.#remember || oldest <= now - this.#keepMs) return;
    const times = new Float64Array(Math.min(length * 2, this.#remember));
    times.set(ring.times.subarray(ring.next));
    times.set(ring.times.subarray(0, ring.next), length - ring.next);
    ring.times = times;
    ring.next = length;
  }
}
