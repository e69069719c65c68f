/** Something that ends at a time, or (`undefined`) never. */
export interface Ending {
  until: number | undefined;
  /** Where it is in the queue; the queue's own. */
  position: number;
}

/** Who ends first, in a heap: a flood of new blocks must not cost a walk over all of them each. */
export class EndQueue<Item extends Ending> {
  readonly #items: Item[] = [];

  get first(): Item | undefined {
    return this.#items[0];
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#raise(item, this.#items.length - 1);
  }

  remove(item: Item): void {
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#place(last, item.position);
    this.update(last);
  }

  /** To be told after an item's `until` was changed. */
  update(item: Item): void {
    this.#raise(item, item.position);
    this.#lower(item, item.position);
  }

  #raise(item: Item, from: number): void {
    let position = from;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || !endsBefore(item.until, parent.until)) break;
      this.#place(parent, position);
      position = above;
    }
    this.#place(item, position);
  }

  #lower(item: Item, from: number): void {
    let position = from;
    for (;;) {
      const left = this.#items[position * 2 + 1];
      const right = this.#items[position * 2 + 2];
      const sooner =
        left !== undefined && right !== undefined && endsBefore(right.until, left.until)
          ? right
          : left;
      if (sooner === undefined || !endsBefore(sooner.until, item.until)) break;
      const below = sooner.position;
      this.#place(sooner, position);
      position = below;
    }
    this.#place(item, position);
  }

  #place(item: Item, position: number): void {
    this.#items[position] = item;
    item.position = position;
  }
}

export function endsBefore(one: number | undefined, other: number | undefined): boolean {
  return (one ?? Number.POSITIVE_INFINITY) < (other ?? Number.POSITIVE_INFINITY);
}
