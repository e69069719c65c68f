import type { CallEnd } from '../edge/signaling.ts';
import type { Ledger } from '../limits/ledger.ts';
import { keyOf } from '../policy/call-keys.ts';
import type { CallFacts } from '../policy/facts.ts';
import type { CallStats, RouteStats, TrunkOutcome, TrunkStats } from './call-stats.ts';
import { classOf } from './counters.ts';

type Counts<Key extends string = string> = Partial<Record<Key, number>>;

/** How many calls there were since the start, by the operator's own names: no stranger can add one. */
export class CallCounts {
  #answered = 0;
  #emergencies = 0;
  readonly #ended: Counts<CallEnd> = {};
  readonly #byRoute = new Map<string, number>();
  readonly #fromTrunk = new Map<string, number>();
  readonly #byTrunk = new Map<string, Counts<TrunkOutcome>>();

  /** A call was let through; of one that the PBX goes on with, the phone's route is that of both. */
  admitted({ route, trunk, source, continues }: CallFacts): void {
    if (route !== undefined && route.name !== continues?.route) countIn(this.#byRoute, route.name);
    if (source.realm === 'trunk' && trunk !== undefined) countIn(this.#fromTrunk, trunk);
  }

  emergency(): void {
    this.#emergencies++;
  }

  answered(): void {
    this.#answered++;
  }

  ended(why: CallEnd): void {
    this.#ended[why] = (this.#ended[why] ?? 0) + 1;
  }

  /** A trunk was asked for a call; without a status it said nothing, or could not be reached. */
  trunkAnswered(trunk: string, status: number | undefined): void {
    const counts = this.#byTrunk.get(trunk) ?? {};
    this.#byTrunk.set(trunk, counts);
    const outcome = (status === undefined ? undefined : classOf(status)) ?? 'none';
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }

  /** Routes and trunks that had no call are left out. */
  stats(ledger: Pick<Ledger, 'live'>, names: Names): CallStats {
    const routes: Record<string, RouteStats> = {};
    for (const name of names.routes) {
      const live = ledger.live(keyOf('route', name));
      const made = this.#byRoute.get(name) ?? 0;
      if (live + made > 0) routes[name] = { live, made };
    }
    const trunks: Record<string, TrunkStats> = {};
    for (const name of names.trunks) {
      const live = ledger.live(keyOf('trunk', name));
      const received = this.#fromTrunk.get(name) ?? 0;
      const answers = this.#byTrunk.get(name);
      if (live + received > 0 || answers !== undefined)
        trunks[name] = { live, received, answers: answers ?? {} };
    }
    return {
      answered: this.#answered,
      ended: this.#ended,
      emergencies: this.#emergencies,
      routes,
      trunks,
    };
  }
}

/** Those that there are now. */
interface Names {
  readonly routes: Iterable<string>;
  readonly trunks: Iterable<string>;
}

const countIn = (counts: Map<string, number>, name: string): void =>
  void counts.set(name, (counts.get(name) ?? 0) + 1);
