import { BucketTable } from '../limits/bucket-table.ts';
import type { Ledger } from '../limits/ledger.ts';
import { WindowCounts } from '../limits/window-counts.ts';
import type { Counters } from '../policy/counters.ts';
import type { FailureKind } from '../policy/failure-kinds.ts';
import type { Pressure } from '../policy/pressure.ts';
import type { Guesses } from './guesses.ts';
import type { HeldByOthers, OtherNodes } from './other-nodes.ts';

const MOST_KEYS = 131_072;
/** Places of one kind of packets: a source takes one for each window it is counted in. */
const MOST_SOURCES = 65_536;

export interface Limit {
  readonly key: string;
  readonly most: number;
}

/** What was counted of live traffic. Bounded, whatever strangers send. */
export class LiveCounters implements Counters {
  /** The same counts, for whoever asks without being counted: a trail, a question. */
  readonly looking: Counters = {
    take: (key, perSecond, burst, at) => this.#buckets.peek(key, perSecond, burst, at),
    within: (key, seconds, at) => this.#windows.count(key, seconds, at),
    packets: (kind, source, seconds, at) => this.#packets(kind).count(source, seconds, at),
    failures: (key, seconds, at) => this.failures(key, seconds, at),
    live: (key) => this.live(key),
    calls: (key, seconds, at) => this.calls(key, seconds, at),
    distinct: (key, seconds, at) => this.distinct(key, seconds, at),
    pressure: () => this.pressure(),
    alone: () => this.alone(),
  };
  readonly #buckets = new BucketTable(MOST_KEYS);
  readonly #windows = new WindowCounts(MOST_KEYS);
  /** Kinds are written by rules and the operator, and are few. */
  readonly #byKind = new Map<string, WindowCounts>();

  readonly #guesses: Guesses;
  readonly #ledger: Ledger;
  readonly #pressure: () => Pressure;
  readonly #others: OtherNodes | undefined;
  /** The limits that the last call was held against; nobody keeps them where there are no other nodes. */
  readonly limits: Limit[] = [];

  /** Calls count once they were let through, so asking for them never counts along. */
  constructor(
    guesses: Guesses,
    ledger: Ledger,
    pressure: () => Pressure = () => 'none',
    others?: OtherNodes,
  ) {
    this.#guesses = guesses;
    this.#ledger = ledger;
    this.#pressure = pressure;
    this.#others = others;
  }

  alone(): boolean {
    return this.#others?.alone === true;
  }

  take(key: string, perSecond: number, burst: number, at: number): boolean {
    return this.#buckets.take(key, perSecond, burst, at);
  }

  within(key: string, seconds: number, at: number): number {
    return this.#windows.add(key, seconds, at);
  }

  packets(kind: string, source: string, seconds: number, at: number): number {
    return this.#packets(kind).add(source, seconds, at);
  }

  #packets(kind: string): WindowCounts {
    let counts = this.#byKind.get(kind);
    if (counts === undefined) {
      counts = new WindowCounts(MOST_SOURCES);
      this.#byKind.set(kind, counts);
    }
    return counts;
  }

  failures(key: string, seconds: number, at: number, kind?: FailureKind): number {
    return this.#guesses.failures(key, seconds, at, kind);
  }
  live(key: string, most?: number): number {
    if (most !== undefined && this.#others !== undefined) this.limits.push({ key, most });
    return this.#ledger.live(key);
  }

  /** What counts for a call that has its places here already, with what the others said. */
  among(held: HeldByOthers): Counters {
    return {
      ...this.looking,
      live: (key) => this.#ledger.live(key) - 1 + (held?.get(key) ?? 0),
      alone: () => held === undefined,
    };
  }
  calls(key: string, seconds: number, at: number): number {
    return this.#ledger.callsWithin(key, seconds, at) + 1;
  }
  distinct(key: string, seconds: number, at: number): number {
    return this.#guesses.distinct(key, seconds, at);
  }
  pressure(): Pressure {
    return this.#pressure();
  }
}
