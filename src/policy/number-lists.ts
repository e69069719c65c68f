import type { Dialled } from '../numbers/dialled.ts';
import { compilePatterns, type PatternSet } from '../numbers/pattern.ts';

/**
 * Lists of numbers and patterns as the settings have them, each compiled when a call first meets it: ten thousand
 * extensions may each have their own, and most of them share one. A number is looked for as it was dialled, with and
 * without the international form, so that `0900.` and `+49900.` both find 0900 123.
 */
export class NumberLists {
  readonly #compiled = new WeakMap<readonly string[], PatternSet>();

  /** Which entry of the list matches. */
  find(list: readonly string[] | undefined, { digits, e164 }: Dialled): number | undefined {
    if (list === undefined || list.length === 0) return undefined;
    const set = this.#compile(list);
    const found = set.match(digits);
    if (found !== undefined || e164 === undefined) return found;
    return set.match(e164) ?? set.match(e164.slice(1));
  }

  #compile(list: readonly string[]): PatternSet {
    const known = this.#compiled.get(list);
    if (known !== undefined) return known;
    const set = compilePatterns(list);
    this.#compiled.set(list, set);
    return set;
  }
}
