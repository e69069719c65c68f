import { detached } from '../sip/message/detached.ts';

/** More than there are makes of phones at one PBX. */
const MOST = 512;

/** One copy of each text that many have in common: what a hundred thousand phones of one make say of themselves. */
export class SharedTexts {
  readonly #texts = new Map<string, string>();

  /** The text, holding on to no message it was cut from. What does not fit any more is simply not shared. */
  one(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const own = detached(text);
    if (this.#texts.size < MOST) this.#texts.set(own, own);
    return own;
  }
}
