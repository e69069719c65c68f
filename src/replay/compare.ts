import type { Surroundings } from '../policy/asking/imagined-facts.ts';
import type { Policy } from '../policy/policy.ts';
import type { Reason } from '../policy/reasons.ts';
import type { Past, PastRequest } from './past.ts';
import { Replay, type Replayed } from './replay.ts';

/** Why somebody was refused for how much came from him. */
const ofPackets: ReadonlySet<string> = new Set(['packet-rate', 'request-rate'] satisfies Reason[]);

/** What would be different under another policy. */
export interface Difference {
  /** Requests that were judged again. */
  readonly judged: number;
  readonly same: number;
  readonly newlyRefused: readonly Group[];
  readonly newlyPassed: readonly Group[];
  /** Refused then and now, for another reason. */
  readonly refusedOtherwise: readonly Group[];
  /** Refused then for what nobody can count again: how many packets came, and how fast. */
  readonly uncountable: number;
  /** What the record does not say enough of. */
  readonly untold: number;
}

/** Those of one rule and reason: the one that refuses now, or else the one that did. */
export interface Group {
  readonly rule: string;
  readonly reason: string;
  readonly count: number;
  /** The first few, of different extensions or to different numbers. */
  readonly examples: readonly Example[];
}

export interface Example {
  readonly at: number;
  readonly extension: string | undefined;
  readonly number: string | undefined;
  readonly source: string | undefined;
  readonly callId: string | undefined;
}

const MOST_EXAMPLES = 5;

/** Judges the past again, in order. */
export async function compare(
  past: Iterable<Past> | AsyncIterable<Past>,
  policy: Policy,
  around: (at: number) => Surroundings,
  unknownMs = 0,
): Promise<Difference> {
  const replay = new Replay(policy, around, unknownMs);
  const tally = new Tally();
  for await (const one of past) {
    if (one.what === 'untold') tally.untold++;
    else if (one.what === 'failure') replay.failed(one);
    else for (const replayed of replay.judge(one)) tally.add(one, replayed, replayed.count);
  }
  return tally.difference();
}

class Tally {
  untold = 0;
  #judged = 0;
  #same = 0;
  #uncountable = 0;
  readonly #refused = new Groups();
  readonly #passed = new Groups();
  readonly #otherwise = new Groups();

  add(past: PastRequest, { refusal, countsPackets }: Replayed, count: number): void {
    const { refused } = past;
    const reason = reasonOf(refusal);
    this.#judged += count;
    if (reason === refused?.reason) this.#same += count;
    else if (refusal !== undefined && reason !== undefined)
      (refused === undefined ? this.#refused : this.#otherwise).add(
        refusal.rule ?? '',
        reason,
        past,
        count,
      );
    else if (refused !== undefined) {
      if (countsPackets && ofPackets.has(refused.reason)) this.#uncountable += count;
      else this.#passed.add(refused.rule, refused.reason, past, count);
    }
  }

  difference(): Difference {
    return {
      judged: this.#judged,
      same: this.#same,
      newlyRefused: this.#refused.list(),
      newlyPassed: this.#passed.list(),
      refusedOtherwise: this.#otherwise.list(),
      uncountable: this.#uncountable,
      untold: this.untold,
    };
  }
}

const reasonOf = (refusal: Replayed['refusal']): string | undefined =>
  refusal === undefined || refusal.verdict.kind === 'pass' ? undefined : refusal.verdict.reason;

class Groups {
  readonly #groups = new Map<string, Group & { count: number; examples: Example[] }>();

  add(rule: string, reason: string, past: PastRequest, count: number): void {
    const key = `${rule} ${reason}`;
    const group = this.#groups.get(key) ?? { rule, reason, count: 0, examples: [] };
    this.#groups.set(key, group);
    group.count += count;
    if (group.examples.length >= MOST_EXAMPLES) return;
    const { question, at, callId } = past;
    const extension = question.register ?? question.as;
    const number = question.invite ?? question.inbound;
    if (group.examples.some((one) => one.extension === extension && one.number === number)) return;
    group.examples.push({ at, extension, number, source: question.source, callId });
  }

  /** The most first. */
  list(): readonly Group[] {
    return [...this.#groups.values()].toSorted((a, b) => b.count - a.count);
  }
}
