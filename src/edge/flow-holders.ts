/** Who is reached by each flow, by its token. Most flows are one phone's; a set around each would take as much room again. */
export class FlowHolders<Held extends object> {
  readonly #held = new Map<string, Held | Set<Held>>();

  has(flow: string): boolean {
    return this.#held.has(flow);
  }

  of(flow: string): Iterable<Held> {
    const held = this.#held.get(flow);
    return held === undefined ? none : held instanceof Set ? held : [held];
  }

  add(flow: string, one: Held): void {
    const held = this.#held.get(flow);
    if (held === undefined) this.#held.set(flow, one);
    else if (held instanceof Set) held.add(one);
    else if (held !== one) this.#held.set(flow, new Set([held, one]));
  }

  remove(flow: string, one: Held): void {
    const held = this.#held.get(flow);
    if (held instanceof Set) {
      held.delete(one);
      if (held.size === 0) this.#held.delete(flow);
    } else if (held === one) this.#held.delete(flow);
  }
}

const none: readonly never[] = [];
