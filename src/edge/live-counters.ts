import { BucketTable } from '../limits/bucket-table.ts';
import type { Ledger } from '../limits/ledger.ts';
import { WindowCounts } from '../limits/window-counts.ts';
import type { Counters } from '../policy/counters.ts';
import type { FailureKind } from '../policy/failure-kinds.ts';
import type { Pressure } from '../policy/pressure.ts';
import type { Guesses } from './guesses.ts';

const MOST_KEYS = 131_072;
/** Places of one kind of packets: a source takes one for each window it is counted in. */
const MOST_SOURCES = 65_536;

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
  };
  readonly #buckets = new BucketTable(MOST_KEYS);
  readonly #windows = new WindowCounts(MOST_KEYS);
  /** Kinds are written by rules and the operator, and are few. */
  readonly #byKind = new Map<string, WindowCounts>();

  readonly #guesses: Guesses;
  readonly #ledger: Ledger;
  readonly #pressure: () => Pressure;

  /** Calls count once they were let through, so asking for them never counts along. */
  constructor(guesses: Guesses, ledger: Ledger, pressure: () => Pressure = () => 'none') {
    this.#guesses = guesses;
    this.#ledger = ledger;
    this.#pressure = pressure;
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
  live(key: string): number {
    return this.#ledger.live(key);
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
