import { KeyPlaces } from './key-places.ts';

/** A thousandth of a token, so that rounding does not cost the last one of a burst. */
const SLACK = 0.001;
/** No burst is made smaller by as much. */
const FAR_MS = 60_000;

/**
 * Token buckets for as many keys as it has places. Of each bucket one number is kept, the time when it is full again:
 * every token taken puts that off by one interval.
 *
 * When places are short the bucket that is full again soonest goes. A full one says nothing that is not so of every
 * stranger, so losing it changes nothing; and whoever would have an empty one of his forgotten has to keep
 * as many others just as empty.
 */
export class BucketTable {
  readonly #places: KeyPlaces;

  constructor(mostKeys: number) {
    this.#places = new KeyPlaces(mostKeys);
  }

  /** Takes a token; false if there is none. `perSecond` is above 0 and `burst` at least 1; both may change at any time. */
  take(key: string, perSecond: number, burst: number, now: number): boolean {
    const interval = 1000 / perSecond;
    const place = this.#places.find(key);
    const wait = this.#untilFull(place, interval * burst, now);
    if (wait > interval * (burst - 1 + SLACK)) return false;
    this.#places.worth[place < 0 ? this.#places.claim(key) : place] = now + wait + interval;
    return true;
  }

  /** Whether `take` would pass. */
  peek(key: string, perSecond: number, burst: number, now: number): boolean {
    const interval = 1000 / perSecond;
    const place = this.#places.find(key);
    return this.#untilFull(place, interval * burst, now) <= interval * (burst - 1 + SLACK);
  }

  /**
   * Never longer than an empty bucket takes, though the clock went back a little or the burst was made smaller. Where the
   * clock went back far, what was taken is long past.
   */
  #untilFull(place: number, longest: number, now: number): number {
    if (place < 0) return 0;
    const wait = (this.#places.worth[place] as number) - now;
    if (wait > longest + FAR_MS) return 0;
    if (wait > longest) this.#places.worth[place] = now + longest;
    return Math.min(longest, Math.max(0, wait));
  }
}
