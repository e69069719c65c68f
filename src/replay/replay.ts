import { Guesses } from '../edge/guesses.ts';
import { LiveCounters } from '../edge/live-counters.ts';
import { type Ending, EndQueue } from '../limits/end-queue.ts';
import { Ledger } from '../limits/ledger.ts';
import { decide, type Met, stagesMet } from '../policy/asking/ask.ts';
import type { Surroundings } from '../policy/asking/imagined-facts.ts';
import { callKeys } from '../policy/call-keys.ts';
import type { Counters } from '../policy/counters.ts';
import type { CallFacts, RegistrationFacts } from '../policy/facts.ts';
import { failureKind } from '../policy/failure-kinds.ts';
import type { Decision, Policy } from '../policy/policy.ts';
import type { Pressure } from '../policy/pressure.ts';
import type { PastFailure, PastRequest } from './past.ts';

/** What another policy says of something that happened. */
export interface Replayed {
  /** Undefined when it lets it through. */
  readonly refusal: Decision | undefined;
  /** It rests on packets that are on no record: how many came, and how fast. */
  readonly countsPackets: boolean;
}

interface LiveCall extends Ending {
  readonly id: string;
  readonly callId: string | undefined;
}

/** More of the same within a second than this change no count that a rule can ask for. */
const MOST_REPEATED = 1000;

/**
 * The past, judged by another policy in the order in which it was. What rules count is counted anew: calls that this
 * policy lets through, for as long as they lasted, and failures to register.
 */
export class Replay {
  readonly #policy: Policy;
  readonly #around: (at: number) => Surroundings;
  /** Milliseconds that a call lasts whose end is not known. */
  readonly #unknownMs: number;
  readonly #ledger = new Ledger({ mostLeases: Number.POSITIVE_INFINITY });
  readonly #guesses = new Guesses();
  readonly #counters: WatchedCounters;
  readonly #live = new EndQueue<LiveCall>();
  readonly #byCallId = new Map<string, LiveCall>();
  #lastLease = 0;

  constructor(policy: Policy, around: (at: number) => Surroundings, unknownMs = 0) {
    this.#policy = policy;
    this.#around = around;
    this.#unknownMs = unknownMs;
    this.#counters = new WatchedCounters(new LiveCounters(this.#guesses, this.#ledger));
  }

  /** The counts as they were then, for whoever asks without being counted. */
  lookingAt(at: number): Counters {
    this.#endUntil(at);
    return this.#counters.looking;
  }

  failed({ extension, source, kind, at, count }: PastFailure): void {
    for (let again = 0; again < Math.min(count, MOST_REPEATED); again++)
      this.#guesses.failed(extension, source, kind, at);
  }

  /** Judges it, as often as it came. */
  *judge(past: PastRequest): Generator<Replayed & { readonly count: number }> {
    const repeated = Math.min(past.count, MOST_REPEATED);
    this.#endUntil(past.at);
    for (let again = 1; again <= repeated; again++)
      yield { ...this.#judgeOne(past), count: again < repeated ? 1 : past.count - repeated + 1 };
  }

  #judgeOne(past: PastRequest): Replayed {
    // the first attempt was over when its challenge came
    if (past.question.asksAgain === true && past.callId !== undefined)
      this.#end(this.#byCallId.get(past.callId));
    const met = stagesMet(this.#policy, past.question, this.#around(past.at));
    this.#counters.askedForPackets = false;
    const { refusal } = decide(this.#policy, met, this.#counters);
    const last = met.at(-1);
    if (refusal !== undefined) this.#noteRefusal(refusal, last);
    else if (last !== undefined) this.#notePassed(past, last);
    return { refusal, countsPackets: this.#counters.askedForPackets };
  }

  #noteRefusal({ verdict }: Decision, met: Met | undefined): void {
    if (verdict.kind === 'pass') return;
    if (met?.stage === 'registration') {
      const kind = failureKind(verdict.reason);
      const { extension, source, at, credentials, proven }: RegistrationFacts = met.facts;
      if (kind !== undefined && credentials && proven)
        this.#guesses.failed(extension, source.key, kind, at);
    }
    if (met?.stage === 'outbound' && verdict.reason === 'pin-wrong')
      this.#guesses.pinFailed(met.facts);
  }

  #notePassed(past: PastRequest, met: Met): void {
    if (met.stage === 'registration')
      this.#guesses.succeeded(met.facts.extension, met.facts.source.key);
    else if (met.stage === 'outbound' || met.stage === 'inbound') this.#begin(past, met.facts);
  }

  #begin({ at, endsAt, callId }: PastRequest, facts: CallFacts): void {
    if (facts.emergency) return;
    const keys = callKeys(facts);
    if (!facts.asksAgain) for (const key of keys) this.#ledger.noteCall(key, at);
    const until = endsAt ?? at + this.#unknownMs;
    if (until <= at) return;
    this.#lastLease++;
    const id = String(this.#lastLease);
    this.#ledger.reserve({ id, places: keys.map((key) => ({ key })), now: at });
    const call: LiveCall = { id, callId, until, position: 0 };
    this.#live.add(call);
    if (callId !== undefined) this.#byCallId.set(callId, call);
  }

  #endUntil(now: number): void {
    for (;;) {
      const { first } = this.#live;
      if (first === undefined || (first.until ?? 0) > now) return;
      this.#end(first);
    }
  }

  #end(call: LiveCall | undefined): void {
    if (call === undefined || this.#ledger.settle(call.id) === undefined) return;
    this.#live.remove(call);
    if (call.callId !== undefined && this.#byCallId.get(call.callId) === call)
      this.#byCallId.delete(call.callId);
  }
}

/** Live counters that remember whether packets were asked for. */
class WatchedCounters implements Counters {
  readonly looking: Counters;
  askedForPackets = false;
  readonly #counters: LiveCounters;

  constructor(counters: LiveCounters) {
    this.#counters = counters;
    this.looking = counters.looking;
  }

  take(...asked: Parameters<Counters['take']>): boolean {
    this.askedForPackets = true;
    return this.#counters.take(...asked);
  }
  within(...asked: Parameters<Counters['within']>): number {
    this.askedForPackets = true;
    return this.#counters.within(...asked);
  }
  packets(...asked: Parameters<Counters['packets']>): number {
    this.askedForPackets = true;
    return this.#counters.packets(...asked);
  }
  failures(...asked: Parameters<Counters['failures']>): number {
    return this.#counters.failures(...asked);
  }
  live(key: string): number {
    return this.#counters.live(key);
  }
  calls(...asked: Parameters<Counters['calls']>): number {
    return this.#counters.calls(...asked);
  }
  distinct(...asked: Parameters<Counters['distinct']>): number {
    return this.#counters.distinct(...asked);
  }
  pressure(): Pressure {
    return this.#counters.pressure();
  }
}
