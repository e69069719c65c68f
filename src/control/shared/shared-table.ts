import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { RedisClient } from './redis-client.ts';
import { exchangeRows } from './scripts.ts';

/** A row of a table that all nodes share: the later change of it holds. */
export interface SharedRow {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
  /** Undefined: never. */
  readonly forgetAt: number | undefined;
  /** Empty: it is gone. */
  readonly text: string;
}

/** Bytes are few, but Redis does nothing else meanwhile. */
const ROWS_AT_ONCE = 500;

const reply = z.tuple([z.number(), z.number(), z.number(), z.array(z.string())]);

/** One table in Redis, as far as this node knows it. */
export class SharedTable {
  readonly #redis: RedisClient;
  readonly #keys: readonly string[];
  readonly #node: string;
  #asked = 0;
  #answered = 0;
  #revision = 0;
  /** Its own rows are asked for too: it may have lost them. */
  #whole = true;

  constructor(redis: RedisClient, prefix: string, name: string, node: string) {
    this.#redis = redis;
    // one hash tag: a Redis Cluster keeps them together
    const key = `${prefix}:{${name}}`;
    const process = randomBytes(8).toString('hex');
    this.#keys = ['rows', 'revisions', 'ends', 'meta', `asked:${process}`].map(
      (what) => `${key}:${what}`,
    );
    this.#node = node;
  }

  /**
   * Tells changes, and hands over what others changed since it was last asked, so many rows at a time. True when Redis
   * has lost what it knew: everybody is to tell all anew.
   */
  async exchange(
    changes: readonly SharedRow[],
    told: (rows: readonly SharedRow[]) => void,
  ): Promise<boolean> {
    let lost = false;
    for (let left = changes; ; left = left.slice(ROWS_AT_ONCE)) {
      const [forgot, revision, more, rows] = await this.#ask(left.slice(0, ROWS_AT_ONCE));
      lost ||= forgot === 1;
      this.#whole ||= lost;
      this.#revision = revision;
      if (rows.length > 0) told(rowsOf(rows));
      if (left.length <= ROWS_AT_ONCE && more === 0) break;
    }
    this.#whole = false;
    return lost;
  }

  async #ask(changes: readonly SharedRow[]): Promise<z.output<typeof reply>> {
    const rows = changes.flatMap(({ id, changedAt, forgetAt, text }) => [
      id,
      Math.round(changedAt),
      forgetAt === undefined ? '' : Math.round(forgetAt),
      text,
    ]);
    this.#asked++;
    const question = this.#asked;
    const known = [this.#answered, question, this.#revision, this.#whole ? 1 : 0, ROWS_AT_ONCE];
    const answer = await this.#redis.run(exchangeRows, this.#keys, [this.#node, ...known, ...rows]);
    this.#answered = question;
    return reply.parse(answer);
  }
}

/** By twos: the id, and `1700000000000 gate-1 {…}`. */
function rowsOf(told: readonly string[]): readonly SharedRow[] {
  const rows: SharedRow[] = [];
  for (let at = 0; at + 1 < told.length; at += 2) {
    const [, changedAt, text] = /^(\d+) \S+ (.*)$/s.exec(told[at + 1] ?? '') ?? [];
    const id = told[at];
    if (id !== undefined && text !== undefined)
      rows.push({ id, changedAt: Number(changedAt), forgetAt: undefined, text });
  }
  return rows;
}
