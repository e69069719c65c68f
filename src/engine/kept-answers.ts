import { Buffer } from 'node:buffer';
import { hashOfKey } from '../limits/key-hash.ts';
import { GIVE_UP } from '../sip/timers.ts';
import type { Channel } from './transport/transports.ts';

const SLAB_BYTES = 256 * 1024;
/** A slab is closed after this even if it is not full, so that what is in it can go in time. */
const SLAB_MS = 4000;
const FEWEST_ENTRIES = 1024;
/** Nobody who fell upon many keys with one hash makes us walk through all of them. */
const LONGEST_WALK = 64;

interface Slab {
  /** Each entry's key, then its answer. */
  readonly bytes: Buffer;
  readonly channels: Channel[];
  readonly answerStarts: number[];
  readonly ends: number[];
  /** The number of its first entry. */
  firstEntry: number;
  openedAt: number;
}

/**
 * Answered requests, for whoever asks again: the `completed` state of a transaction over UDP, held for timer J
 * without the transaction. At thousands a second this is most of what a proxy holds, so it is bytes in a few
 * slabs and not objects, goes by the slab, and has a limit: beyond it the oldest slab goes early.
 *
 * Entries are numbered and go in the order in which they came. Each bucket names its newest entry and each entry
 * the next older one, so a chain ends at the first that is gone, and nothing is ever taken out of a chain.
 */
export class KeptAnswers {
  readonly #most: number;
  readonly #now: () => number;
  #slabs: Slab[] = [];
  #spare: Slab | undefined;
  /** Numbers wrap at 32 bits; only differences between them count. */
  #next = 0;
  #size = 0;
  #newest = new Int32Array(FEWEST_ENTRIES);
  #older = new Int32Array(FEWEST_ENTRIES);
  #hashes = new Int32Array(FEWEST_ENTRIES);
  #shift = 32 - Math.log2(FEWEST_ENTRIES);

  constructor(mostBytes: number, now: () => number) {
    this.#most = Math.max(2, Math.ceil(mostBytes / SLAB_BYTES));
    this.#now = now;
  }

  get size(): number {
    return this.#size;
  }

  /** Keeps the final answer to a request; without one, repetitions of the request are absorbed. */
  keep(key: string, channel: Channel, answer = ''): void {
    const length = key.length + answer.length;
    if (length > SLAB_BYTES) return;
    const slab = this.#slabWithRoom(length);
    const start = slab.ends.at(-1) ?? 0;
    const answerStart = start + key.length;
    slab.bytes.write(key, start, 'latin1');
    slab.bytes.write(answer, answerStart, 'latin1');
    slab.channels.push(channel);
    slab.answerStarts.push(answerStart);
    slab.ends.push(start + length);
    this.#add(hashOfKey(key));
  }

  /** The request came again: sends its answer once more. False when it is not one that was answered. */
  sendAgain(key: string): boolean {
    const hash = hashOfKey(key);
    const mask = this.#hashes.length - 1;
    let entry = this.#newest[hash >>> this.#shift] as number;
    let age = 0;
    // a bucket that had no entry yet names one that has come to be since: no older one follows on that
    for (let walked = 0; walked < LONGEST_WALK && this.#isKept(entry, age); walked++) {
      const place = entry & mask;
      if (this.#hashes[place] === hash && this.#sendIf(key, entry)) return true;
      age = this.#ageOf(entry);
      entry = this.#older[place] as number;
    }
    return false;
  }

  /** Lets go of what has been kept for its time. */
  sweep(): void {
    const now = this.#now();
    let oldest = this.#slabs[0];
    while (oldest !== undefined && oldest.openedAt + SLAB_MS + GIVE_UP <= now) {
      this.#dropOldest();
      oldest = this.#slabs[0];
    }
  }

  clear(): void {
    this.#slabs = [];
    this.#spare = undefined;
    this.#size = 0;
  }

  /** One for the newest, `size` for the oldest that is kept. */
  #ageOf(entry: number): number {
    return (this.#next - entry) >>> 0;
  }

  #isKept(entry: number, olderThan: number): boolean {
    const age = this.#ageOf(entry);
    return age > olderThan && age <= this.#size;
  }

  #add(hash: number): void {
    if (this.#size === this.#hashes.length) this.#grow();
    const entry = this.#next;
    this.#next = (entry + 1) | 0;
    this.#size++;
    this.#link(entry, hash);
  }

  #link(entry: number, hash: number): void {
    const place = entry & (this.#hashes.length - 1);
    const bucket = hash >>> this.#shift;
    this.#hashes[place] = hash;
    this.#older[place] = this.#newest[bucket] as number;
    this.#newest[bucket] = entry;
  }

  #grow(): void {
    const before = this.#hashes;
    const entries = before.length * 2;
    this.#hashes = new Int32Array(entries);
    this.#older = new Int32Array(entries);
    this.#newest = new Int32Array(entries).fill(this.#next); // which is none that is kept
    this.#shift--;
    for (let left = this.#size; left > 0; left--) {
      const entry = (this.#next - left) | 0;
      this.#link(entry, before[entry & (before.length - 1)] as number);
    }
  }

  #sendIf(key: string, entry: number): boolean {
    const slab = this.#slabs.findLast(({ firstEntry }) => ((entry - firstEntry) | 0) >= 0);
    if (slab === undefined) return false;
    const index = (entry - slab.firstEntry) | 0;
    const start = index === 0 ? 0 : slab.ends[index - 1];
    const answerStart = slab.answerStarts[index] ?? 0;
    if (slab.bytes.toString('latin1', start, answerStart) !== key) return false;
    const answer = slab.bytes.toString('latin1', answerStart, slab.ends[index]);
    if (answer !== '') slab.channels[index]?.send(answer);
    return true;
  }

  #slabWithRoom(length: number): Slab {
    const now = this.#now();
    const last = this.#slabs.at(-1);
    if (
      last !== undefined &&
      last.openedAt + SLAB_MS > now &&
      (last.ends.at(-1) ?? 0) + length <= SLAB_BYTES
    )
      return last;
    if (this.#slabs.length >= this.#most) this.#dropOldest();
    const slab = this.#spare ?? {
      bytes: Buffer.allocUnsafeSlow(SLAB_BYTES),
      channels: [],
      answerStarts: [],
      ends: [],
      firstEntry: 0,
      openedAt: 0,
    };
    this.#spare = undefined;
    slab.firstEntry = this.#next;
    slab.openedAt = now;
    this.#slabs.push(slab);
    return slab;
  }

  #dropOldest(): void {
    const slab = this.#slabs.shift();
    if (slab === undefined) return;
    this.#size -= slab.ends.length;
    slab.channels.length = 0;
    slab.answerStarts.length = 0;
    slab.ends.length = 0;
    this.#spare = slab;
  }
}
