import { z } from 'zod';
import type { AskedPlace } from '../../edge/other-nodes.ts';
import type { RedisClient } from './redis-client.ts';
import { takePlaces, tellLive } from './scripts.ts';

/** The calls of a node that gives no sign for so long do not count any more. */
const LEASE_MS = 10_000;

const COUNTS_AT_ONCE = 1000;

const counts = z.array(z.number());

/**
 * How many calls each node has under each key. A node writes its own numbers and nobody else's, whole and never by
 * one more or less, so they cannot drift; those of a node that is gone vanish by themselves.
 */
export class LiveCalls {
  readonly #redis: RedisClient;
  readonly #keyOf: (node: string) => string;
  readonly #node: string;
  /** What this node has. */
  readonly #own = new Map<string, number>();
  readonly #untold = new Set<string>();
  #known = false;

  constructor(redis: RedisClient, prefix: string, node: string) {
    this.#redis = redis;
    this.#keyOf = (name) => `${prefix}:{live}:${name}`;
    this.#node = node;
  }

  set(changes: readonly (readonly [string, number])[]): void {
    for (const [key, calls] of changes) {
      if (calls === 0) this.#own.delete(key);
      else this.#own.set(key, calls);
      this.#untold.add(key);
    }
  }

  /** A Redis that was away may have come back with what it knew before: all is told. */
  tellAgain(): void {
    this.#known = false;
  }

  /** Tells what has changed, or all where Redis has lost it; without changes it is a sign of life. */
  async exchange(): Promise<void> {
    const keys = [...this.#untold];
    this.#untold.clear();
    try {
      if (this.#known && (await this.#tell(keys, false))) return;
      await this.#tell([...this.#own.keys()], true);
      this.#known = true;
    } catch (error) {
      for (const key of keys) this.#untold.add(key);
      throw error;
    }
  }

  /**
   * Takes the places if there is room for all of them, and says how many calls the other nodes have under each. What was to
   * be told of them before is out of date: it would give them away again, until what is now is told.
   */
  async take(
    places: readonly AskedPlace[],
    others: readonly string[],
  ): Promise<ReadonlyMap<string, number>> {
    for (const { key, calls } of places) {
      this.#own.set(key, calls);
      this.#untold.delete(key);
    }
    const keys = [this.#node, ...others].map(this.#keyOf);
    const asked = places.flatMap(({ key, calls, most }) => [key, calls, most]);
    const held = counts.parse(await this.#redis.run(takePlaces, keys, [LEASE_MS, ...asked]));
    return new Map(places.map(({ key }, at) => [key, held[at] ?? 0]));
  }

  /** At the end: nobody is to wait until they vanish. */
  async leave(): Promise<void> {
    await this.#redis.call('DEL', this.#keyOf(this.#node));
  }

  /** False when Redis did not know of this node, and so lacks all that is not among these. */
  async #tell(keys: readonly string[], whole: boolean): Promise<boolean> {
    let known = true;
    for (let at = 0; at === 0 || at < keys.length; at += COUNTS_AT_ONCE) {
      const now = keys.slice(at, at + COUNTS_AT_ONCE);
      const pairs = now.flatMap((key) => [key, this.#own.get(key) ?? 0]);
      const first = whole && at === 0 ? 1 : 0;
      const answer = await this.#redis.run(
        tellLive,
        [this.#keyOf(this.#node)],
        [LEASE_MS, first, ...pairs],
      );
      known &&= answer === 1;
    }
    return known;
  }
}
