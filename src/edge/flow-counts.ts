/** How often each flow, by its token, is in use. */
export class FlowCounts {
  readonly #counts = new Map<string, number>();

  has(flow: string): boolean {
    return this.#counts.has(flow);
  }

  add(flow: string): void {
    this.#counts.set(flow, (this.#counts.get(flow) ?? 0) + 1);
  }

  remove(flow: string): void {
    const left = (this.#counts.get(flow) ?? 0) - 1;
    if (left > 0) this.#counts.set(flow, left);
    else this.#counts.delete(flow);
  }

  move(from: string, to: string): void {
    this.remove(from);
    this.add(to);
  }
}
