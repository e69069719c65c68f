import { KeyPlaces } from '../limits/key-places.ts';

/** Of a storm of strangers so many challenges are remembered, the newest; the answer to one comes within seconds. */
const MOST = 131_072;
const GOOD_FOR_MS = 300_000;

/**
 * Which nonces went to which source. Over UDP anybody can write any source address, but who sends a nonce back that went
 * there has got it there.
 */
export class SentChallenges {
  readonly #places = new KeyPlaces(MOST);

  sent(nonce: string, source: string, now: number): void {
    const key = `${source} ${nonce}`;
    const known = this.#places.find(key);
    this.#places.worth[known < 0 ? this.#places.claim(key) : known] = now;
  }

  wentTo(nonce: string, source: string, now: number): boolean {
    const place = this.#places.find(`${source} ${nonce}`);
    return place >= 0 && now - (this.#places.worth[place] as number) < GOOD_FOR_MS;
  }
}
