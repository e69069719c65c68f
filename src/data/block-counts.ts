import type { BlockChange } from '../limits/block-entry.ts';

/** How many blocks were made since the start, by the rule that made them, or `operator`. */
export class BlockCounts {
  readonly #byRule = new Map<string, number>();

  get byRule(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byRule);
  }

  changed({ kind, elsewhere, entry: { rule } }: BlockChange): void {
    if (kind === 'added' && elsewhere !== true)
      this.#byRule.set(rule, (this.#byRule.get(rule) ?? 0) + 1);
  }
}
