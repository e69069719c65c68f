import { KeyPlaces } from './key-places.ts';

const FEWEST = 8;
export const EVERY_KIND = 0xffff_ffff;

export interface RecentEventsOptions {
  readonly mostKeys: number;
  /** The longest window that is asked for. What is older may be forgotten. */
  readonly keepMs: number;
  /** Of one key no more than so many, the newest: one more than the highest limit will do. */
  readonly remember: number;
}

/** The last events of one key, in a ring that grows while all that is in it still matters. */
class Ring {
  times = new Float64Array(FEWEST);
  kinds = new Uint8Array(FEWEST);
  size = 0;
  next = 0;
}

/**
 * When the last events of each key were, and of which kind (0 to 31). A count is exact for any window, up to
 * `remember` events.
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

  note(key: string, now: number, kind = 0): void {
    const known = this.#places.find(key);
    const place = known < 0 ? this.#newPlace(key) : known;
    const ring = this.#rings[place] ?? new Ring();
    this.#rings[place] = ring;
    if (ring.size === ring.times.length) this.#makeRoom(ring, now);
    ring.times[ring.next] = now;
    ring.kinds[ring.next] = kind;
    ring.next = (ring.next + 1) % ring.times.length;
    ring.size = Math.min(ring.size + 1, ring.times.length);
    this.#places.worth[place] = now + (this.#keepMs * ring.size) / this.#remember;
  }

  /** How many of the kinds, a bit for each, were within the window that ends now. */
  count(key: string, withinMs: number, now: number, kinds = EVERY_KIND): number {
    const ring = this.#ringOf(key);
    if (ring === undefined) return 0;
    let count = 0;
    for (let back = 1; back <= ring.size; back++) {
      const at = (ring.next - back + ring.times.length) % ring.times.length;
      if ((ring.times[at] as number) <= now - withinMs) break;
      if ((kinds >>> (ring.kinds[at] as number)) & 1) count++;
    }
    return count;
  }

  last(key: string): { kind: number; at: number } | undefined {
    const ring = this.#ringOf(key);
    if (ring === undefined) return undefined;
    const at = (ring.next - 1 + ring.times.length) % ring.times.length;
    return { kind: ring.kinds[at] as number, at: ring.times[at] as number };
  }

  clear(key: string): void {
    const place = this.#places.find(key);
    if (place < 0) return;
    this.#rings[place] = undefined;
    this.#places.release(place);
  }

  #ringOf(key: string): Ring | undefined {
    const place = this.#places.find(key);
    return place < 0 ? undefined : this.#rings[place];
  }

  /** A small ring of whoever had the place is used again. */
  #newPlace(key: string): number {
    const place = this.#places.claim(key);
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
    const kinds = new Uint8Array(times.length);
    times.set(ring.times.subarray(ring.next));
    times.set(ring.times.subarray(0, ring.next), length - ring.next);
    kinds.set(ring.kinds.subarray(ring.next));
    kinds.set(ring.kinds.subarray(0, ring.next), length - ring.next);
    ring.times = times;
    ring.kinds = kinds;
    ring.next = length;
  }
}
