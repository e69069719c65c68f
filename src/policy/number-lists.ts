import type { Dialled } from '../numbers/dialled.ts';
import { compilePatterns, type PatternSet } from '../numbers/pattern.ts';
import type { WaysToDial } from '../numbers/ways-to-dial.ts';
import type { Site } from './site.ts';

/**
 * Lists of numbers and patterns as the settings have them, each compiled when a call first meets it: ten thousand
 * extensions may each have their own, and most of them share one. A number is looked for in every way in which it may be
 * dialled, so that `0900.` and `+49900.` both find 0900 123 and +49 900 123.
 */
export class NumberLists {
  readonly #waysToDial: WaysToDial;
  readonly #compiled = new WeakMap<readonly string[], PatternSet>();

  constructor({ waysToDial }: Pick<Site, 'waysToDial'>) {
    this.#waysToDial = waysToDial;
  }

  /** Which entry of the list matches. */
  find(list: readonly string[] | undefined, dialled: Dialled): number | undefined {
    if (list === undefined || list.length === 0) return undefined;
    const set = this.#compile(list);
    for (const way of this.#waysToDial(dialled)) {
      const found = set.match(way);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #compile(list: readonly string[]): PatternSet {
    const known = this.#compiled.get(list);
    if (known !== undefined) return known;
    const set = compilePatterns(list);
    this.#compiled.set(list, set);
    return set;
  }
}
