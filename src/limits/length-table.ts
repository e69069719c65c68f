import { maskOf, type Network } from './address-key.ts';

const FEWEST = 16;
const secret = crypto.getRandomValues(new Int32Array(2));
const factor = (secret[0] ?? 0) | 1;
const seed = secret[1] ?? 0;

/**
 * The networks of one prefix length, each with a number: open addressing over one array, a network's words and its
 * number side by side, so that a look-up costs one line of the cache.
 */
export class LengthTable {
  readonly bits: number;
  readonly #width: number;
  readonly #lastMask: number;
  readonly #stride: number;
  #cells: Int32Array;
  #shift = 32 - Math.log2(FEWEST);
  #size = 0;

  constructor(bits: number) {
    this.bits = bits;
    this.#width = Math.max(1, Math.ceil(bits / 32));
    this.#lastMask = maskOf(bits - (this.#width - 1) * 32);
    this.#stride = this.#width + 1;
    this.#cells = new Int32Array(FEWEST * this.#stride);
  }

  get size(): number {
    return this.#size;
  }

  /** The number of the network that the address is in, or -1. */
  find(words: Int32Array): number {
    const cells = this.#cells;
    const cell = this.#cellOf(words);
    return (cells[cell + this.#width] as number) - 1;
  }

  /** Makes room for so many, in place of growing with them. */
  expect(count: number): void {
    if (this.#size > 0) return;
    const size = Math.max(FEWEST, 2 ** Math.ceil(Math.log2(count * 2)));
    this.#cells = new Int32Array(size * this.#stride);
    this.#shift = 32 - Math.log2(size);
  }

  /** For a network that is not in it. */
  add(network: Network, number: number): void {
    this.#size++;
    if (this.#size * 2 > this.#cells.length / this.#stride) this.#grow();
    this.#write(network.words, number + 1);
  }

  remove(network: Network): void {
    const cell = this.#cellOf(network.words);
    if (this.#cells[cell + this.#width] === 0) return;
    this.#size--;
    this.#close(cell);
  }

  /** Where the network is, or the free cell where it would go. */
  #cellOf(words: Int32Array): number {
    const cells = this.#cells;
    const width = this.#width;
    const last = (words[width - 1] as number) & this.#lastMask;
    let cell = this.#homeOf(words, 0);
    while (cells[cell + width] !== 0) {
      if (cells[cell + width - 1] === last && this.#sameFront(cell, words)) return cell;
      cell += this.#stride;
      if (cell === cells.length) cell = 0;
    }
    return cell;
  }

  #sameFront(cell: number, words: Int32Array): boolean {
    for (let word = 0; word < this.#width - 1; word++)
      if (this.#cells[cell + word] !== words[word]) return false;
    return true;
  }

  #homeOf(words: Int32Array, from: number): number {
    let hash = seed;
    for (let word = 0; word < this.#width - 1; word++) {
      hash = Math.imul(hash ^ (words[from + word] as number), factor);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ ((words[from + this.#width - 1] as number) & this.#lastMask), factor);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    return (hash >>> this.#shift) * this.#stride;
  }

  #write(words: Int32Array, mark: number): void {
    const cell = this.#cellOf(words);
    for (let word = 0; word < this.#width; word++) this.#cells[cell + word] = words[word] as number;
    this.#cells[cell + this.#width] = mark;
  }

  /** Moves up what went past the cell when it was taken, so that no mark of the dead is needed. */
  #close(emptied: number): void {
    const cells = this.#cells;
    const stride = this.#stride;
    let hole = emptied;
    let cell = hole;
    for (;;) {
      cell = cell + stride === cells.length ? 0 : cell + stride;
      if (cells[cell + this.#width] === 0) break;
      const home = this.#homeOf(cells, cell);
      const fromHome = (cell - home + cells.length) % cells.length;
      const fromHole = (cell - hole + cells.length) % cells.length;
      if (fromHome < fromHole) continue;
      cells.copyWithin(hole, cell, cell + stride);
      hole = cell;
    }
    cells.fill(0, hole, hole + stride);
  }

  #grow(): void {
    const before = this.#cells;
    this.#cells = new Int32Array(before.length * 2);
    this.#shift--;
    for (let cell = 0; cell < before.length; cell += this.#stride) {
      const mark = before[cell + this.#width] as number;
      if (mark !== 0) this.#write(before.subarray(cell, cell + this.#width), mark);
    }
  }
}
