import { KeyPlaces } from './key-places.ts';

/** How often each network was blocked by a rule before, until that is forgotten. */
export class Offenders {
  readonly #places: KeyPlaces;
  readonly #offences: Uint16Array;

  constructor(most: number) {
    this.#places = new KeyPlaces(most);
    this.#offences = new Uint16Array(this.#places.size);
  }

  offencesOf(network: string, now: number): number {
    const place = this.#places.find(network);
    if (place < 0 || (this.#places.worth[place] as number) <= now) return 0;
    return this.#offences[place] as number;
  }

  note(network: string, offences: number, forgetAt: number): void {
    const known = this.#places.find(network);
    const place = known < 0 ? this.#places.claim(network) : known;
    this.#offences[place] = Math.min(offences, 0xffff);
    this.#places.worth[place] = forgetAt;
  }

  forgive(network: string): void {
    const place = this.#places.find(network);
    if (place >= 0) this.#places.release(place);
  }
}
