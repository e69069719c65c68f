import { sourceOf } from './packed-address.ts';

/** From which sources there is something, by their addresses; those of one /64 are one. */
export class SourceCounts {
  readonly #counts = new Map<string, number>();

  has(source: string): boolean {
    return this.#counts.has(source);
  }

  add(address: string): void {
    const source = sourceOf(address);
    this.#counts.set(source, (this.#counts.get(source) ?? 0) + 1);
  }

  remove(address: string): void {
    const source = sourceOf(address);
    const left = (this.#counts.get(source) ?? 0) - 1;
    if (left > 0) this.#counts.set(source, left);
    else this.#counts.delete(source);
  }
}
