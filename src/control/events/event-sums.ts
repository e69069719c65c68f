import type { GateEvent } from '../../data/event.ts';
import type { EventKind, EventLevel } from '../../edge/event-kinds.ts';
import { openToRead } from './events-database.ts';

/** Which events are counted. */
export interface Which {
  readonly kinds?: readonly EventKind[];
  readonly level?: EventLevel;
  readonly reasons?: readonly string[];
  /** Milliseconds since 1970. */
  readonly since: number;
}

export interface Sum {
  readonly key: string;
  readonly count: number;
}

/** What an event has that it can be counted by; the second ones are not in columns of their own. */
const columns = {
  ...{ kind: 'kind', reason: 'reason', rule: 'rule', extension: 'extension', source: 'source' },
  number: 'number',
  ...{ country: "json_extract(event, '$.country')", route: "json_extract(event, '$.route')" },
  ...{ trunk: "json_extract(event, '$.trunk')", pin: "json_extract(event, '$.pin')" },
  exception: "json_extract(event, '$.exception')",
} as const;
export type Counted = keyof typeof columns;

/** The record of what happened, to look back at in numbers. */
export class EventSums implements Disposable {
  readonly #database: ReturnType<typeof openToRead>;

  constructor(file: string) {
    this.#database = openToRead(file);
  }

  /** When the first event was that is kept; undefined: there is none. */
  get firstAt(): number | undefined {
    const row = this.#database.prepare('SELECT min(at) AS at FROM events').get();
    return row?.at === null || row?.at === undefined ? undefined : Number(row.at);
  }

  /** How often things happened. */
  count(which: Which): number {
    const { where, values } = conditionOf(which);
    const row = this.#database
      .prepare(`SELECT sum(json_extract(event, '$.count')) AS count FROM events ${where}`)
      .get(...values);
    return Number(row?.count ?? 0);
  }

  /** The same by something they have, the most first. */
  by(what: Counted, which: Which, most = 5): readonly Sum[] {
    const { where, values } = conditionOf(which);
    const column = columns[what];
    return this.#database
      .prepare(
        `SELECT ${column} AS key, sum(json_extract(event, '$.count')) AS count FROM events ${where}
         AND ${column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?`,
      )
      .all(...values, most)
      .map(({ key, count }) => ({ key: String(key), count: Number(count) }));
  }

  /** Who of one kind had several of another: extensions that registered from several countries. */
  several(
    what: Counted,
    of: Counted,
    which: Which,
    most = 5,
  ): readonly (Sum & { readonly keys: string })[] {
    const { where, values } = conditionOf(which);
    const [column, other] = [columns[what], columns[of]];
    return this.#database
      .prepare(
        `SELECT ${column} AS key, count(DISTINCT ${other}) AS count, group_concat(DISTINCT ${other}) AS keys
         FROM events ${where} AND ${column} IS NOT NULL AND ${other} IS NOT NULL
         GROUP BY 1 HAVING count(DISTINCT ${other}) > 1 ORDER BY 2 DESC, 1 LIMIT ?`,
      )
      .all(...values, most)
      .map(({ key, count, keys }) => ({
        ...{ key: String(key), count: Number(count), keys: String(keys) },
      }));
  }

  /** The last of them, the oldest first. */
  last(which: Which, most: number): readonly GateEvent[] {
    const { where, values } = conditionOf(which);
    return this.#database
      .prepare(`SELECT event FROM events ${where} ORDER BY id DESC LIMIT ?`)
      .all(...values, most)
      .map(({ event }) => JSON.parse(String(event)) as GateEvent)
      .toReversed();
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function conditionOf({ kinds, level, reasons, since }: Which) {
  const among = (column: string, words: readonly string[] | undefined): string =>
    words === undefined ? '' : ` AND ${column} IN (${words.map(() => '?').join(', ')})`;
  return {
    where: `WHERE at >= ?${among('kind', kinds)}${among('level', level && [level])}${among('reason', reasons)}`,
    values: [since, ...(kinds ?? []), ...(level === undefined ? [] : [level]), ...(reasons ?? [])],
  };
}
