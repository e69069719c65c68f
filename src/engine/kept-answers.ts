import { detached } from '../sip/message/detached.ts';
import { GIVE_UP } from '../sip/timers.ts';
import type { Channel } from './transport/transports.ts';

const SLAB_BYTES = 256 * 1024;
/** A slab is closed after this even if it is not full, so that what is in it can go in time. */
const SLAB_MS = 4000;

interface Slab {
  readonly bytes: Buffer;
  readonly keys: string[];
  readonly channels: Channel[];
  /** Where each answer starts; the last is where the next one would. */
  readonly starts: number[];
  openedAt: number;
}

/**
 * Answered requests, for whoever asks again: the `completed` state of a transaction over UDP, held for timer J
 * without the transaction. At thousands a second this is most of what a proxy holds, so it is bytes in a few
 * slabs and not objects, goes by the slab, and has a limit: beyond it the oldest slab goes early.
 */
export class KeptAnswers {
  readonly #most: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, number>();
  #slabs: Slab[] = [];
  /** The number of the first slab of `#slabs`, counted from the beginning. */
  #first = 0;
  #spare: Slab | undefined;

  constructor(mostBytes: number, now: () => number) {
    this.#most = Math.max(2, Math.ceil(mostBytes / SLAB_BYTES));
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Keeps the final answer to a request; without one, repetitions of the request are absorbed. */
  keep(transactionKey: string, channel: Channel, answer: Buffer | undefined): void {
    const key = detached(transactionKey);
    const length = answer?.length ?? 0;
    if (length > SLAB_BYTES) return;
    const slab = this.#slabWithRoom(length);
    const start = slab.starts.at(-1) ?? 0;
    if (answer !== undefined) slab.bytes.set(answer, start);
    this.#entries.set(key, (this.#first + this.#slabs.length - 1) * SLAB_BYTES + slab.keys.length);
    slab.keys.push(key);
    slab.channels.push(channel);
    slab.starts.push(start + length);
  }

  /** The request came again: sends its answer once more. False when it is not one that was answered. */
  sendAgain(key: string): boolean {
    const at = this.#entries.get(key);
    if (at === undefined) return false;
    const slab = this.#slabs[Math.floor(at / SLAB_BYTES) - this.#first];
    const index = at % SLAB_BYTES;
    const answer = slab?.bytes.subarray(slab.starts[index], slab.starts[index + 1]);
    if (answer !== undefined && answer.length > 0) slab?.channels[index]?.send(Buffer.from(answer));
    return true;
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
    this.#entries.clear();
    this.#slabs = [];
    this.#spare = undefined;
  }

  #slabWithRoom(length: number): Slab {
    const now = this.#now();
    const last = this.#slabs.at(-1);
    if (
      last !== undefined &&
      last.openedAt + SLAB_MS > now &&
      (last.starts.at(-1) ?? 0) + length <= SLAB_BYTES &&
      last.keys.length < SLAB_BYTES - 1
    )
      return last;
    if (this.#slabs.length >= this.#most) this.#dropOldest();
    const slab = this.#spare ?? {
      bytes: Buffer.allocUnsafeSlow(SLAB_BYTES),
      keys: [],
      channels: [],
      starts: [0],
      openedAt: now,
    };
    this.#spare = undefined;
    slab.openedAt = now;
    this.#slabs.push(slab);
    return slab;
  }

  #dropOldest(): void {
    const slab = this.#slabs.shift();
    if (slab === undefined) return;
    const number = this.#first++;
    for (const [index, key] of slab.keys.entries())
      if (this.#entries.get(key) === number * SLAB_BYTES + index) this.#entries.delete(key);
    slab.keys.length = 0;
    slab.channels.length = 0;
    slab.starts.length = 1;
    this.#spare = slab;
  }
}
