import { KeyPlaces } from '../limits/key-places.ts';

/** Of each registration one; who is registered now is known without. */
const MOST = 131_072;
const REMEMBERED_MS = 30 * 86_400_000;

/**
 * Where each extension was registered from within a month: its owner at home, though the phone was off for a weekend. Only
 * whom the PBX let register makes an entry; of more than there is room for the oldest go. A restart forgets those that
 * nobody is registered from then.
 */
export class Homes {
  readonly #places = new KeyPlaces(MOST);

  /** `source` is as `sourceOf` has it. */
  has(extension: string, source: string, now: number): boolean {
    const place = this.#places.find(`${extension}|${source}`);
    return place >= 0 && (this.#places.worth[place] as number) > now;
  }

  seen(extension: string, source: string, now: number): void {
    const key = `${extension}|${source}`;
    const known = this.#places.find(key);
    this.#places.worth[known < 0 ? this.#places.claim(key) : known] = now + REMEMBERED_MS;
  }
}
