import { type Ending, EndQueue } from '../limits/end-queue.ts';
import { KeyTable } from '../limits/key-table.ts';
import type { CallBy, CallFacts } from '../policy/facts.ts';
import { detached } from '../sip/message/detached.ts';
import { callName } from './call-name.ts';

/** A call to the telephone network from the verdict to its end, or the leg of one that leads to a trunk. */
export interface OutsideCall extends Ending {
  readonly callId: string;
  /** What it goes by. */
  readonly name: string;
  readonly extension: string | undefined;
  /** As the world dials it, where that can be told. */
  readonly number: string;
  readonly by: CallBy;
  /** The address it came from, the phone's or the PBX's. */
  readonly source: string;
  readonly route: string | undefined;
  /** The entry of the PIN that opened the route. */
  readonly pin: string | undefined;
  /** The phone itself says that somebody forwarded it: what the PBX passes on of that tells nothing. */
  readonly claimsDiversion: boolean;
  /** The trunk that answered. */
  trunk: string | undefined;
  /** Undefined while it rings. */
  answeredAt: number | undefined;
  /** Since when it lasts, where it takes the place of one that was answered before. */
  since: number | undefined;
  /** Its own INVITE was answered, and not only one that repeats Call-ID and tag. */
  connected: boolean;
  /** The PBX has sent the rest of it to a trunk. */
  continued: boolean;
}

/** A call that was let through, and what is to be told its final status. */
export interface Opened {
  readonly call: OutsideCall;
  readonly done: (status: number) => void;
}

/**
 * All that have one Call-ID and caller's tag, and how many live calls do, in the house too: more than one where it
 * forked, or where a phone writes what it wrote, or read, in another call. None is kept for what is in the house alone.
 */
interface Held {
  readonly calls: OutsideCall[];
  live: number;
}

/** How soon the PBX calls whom a phone transferred or redirected to. */
const EXPECTED_FOR_MS = 60_000;
const MOST_EXPECTED = 10_000;
const never = Number.POSITIVE_INFINITY;

/**
 * The calls that are on their way outside. Where a phone and the PBX each send an INVITE for one call, the PBX's is
 * known by its number as the rest of the phone's: the extension, the route's PIN and the verdict are the same. It is
 * also here that a call ends when its time is over: one queue for all of them.
 */
export class OutsideCalls {
  readonly #held = new KeyTable<Held>();
  /** Those of phones, by number: whose rest may come from the PBX. */
  readonly #byNumber = new KeyTable<OutsideCall[]>();
  readonly #ends = new EndQueue<OutsideCall>();
  readonly #expected: { readonly call: OutsideCall; until: number }[] = [];
  readonly #secondsOf: (call: OutsideCall) => number | undefined;
  readonly #liveOf: (name: string, callId: string) => number;

  /**
   * `secondsOf` says how long a call may last, undefined for as long as it likes; `liveOf` how many live calls go by that
   * name.
   */
  constructor(
    secondsOf: (call: OutsideCall) => number | undefined,
    liveOf: (name: string, callId: string) => number,
  ) {
    this.#secondsOf = secondsOf;
    this.#liveOf = liveOf;
  }

  /** A call was let through. To be told its final status. */
  open(name: string, facts: CallFacts, claimsDiversion: boolean): Opened {
    const call = callFrom(name, facts, claimsDiversion);
    if (facts.source.realm === 'access') this.#index(call);
    return this.#hold(name, call);
  }

  /** A call was let through that takes the place of another (RFC 3891): it is that call, and lasts since then. */
  takeOver(name: string, replaced: OutsideCall, facts: CallFacts): Opened {
    return this.#hold(name, {
      ...replaced,
      ...{ callId: detached(facts.callId), name: detached(name), source: facts.source.address },
      ...{ since: replaced.answeredAt, answeredAt: undefined, until: undefined, position: 0 },
      ...{ connected: false, continued: true },
    });
  }

  #hold(name: string, call: OutsideCall): Opened {
    const known = this.#held.get(name);
    const held = known ?? { calls: [call], live: this.#liveOf(name, call.callId) };
    if (known === undefined) this.#held.set(name, held);
    else held.calls.push(call);
    return {
      call,
      done: (status) => {
        if (status >= 200 && status < 300) call.connected = true;
        if (status >= 300 || (call.connected && held.live === 0)) this.#remove(name, held, call);
      },
    };
  }

  /** A phone transfers or redirects to a number, and was let: the PBX's call there is on its behalf. */
  expect(facts: CallFacts): void {
    if (this.#expected.length >= MOST_EXPECTED) return;
    const call = callFrom(callName(facts), facts, false);
    this.#index(call);
    this.#expected.push({ call, until: facts.at + EXPECTED_FOR_MS });
  }

  /**
   * The phone's call that the PBX goes on with by calling this number. `caller` is the extension that the PBX names;
   * it may name none, or show another number. `diverter` is the one that forwarded it.
   */
  continuedBy(
    number: string,
    caller: string | undefined,
    diverter: string | undefined,
  ): OutsideCall | undefined {
    return this.#byNumber.get(number)?.find(({ by, extension, continued, claimsDiversion }) => {
      if (continued) return false;
      // whom a phone transferred or redirected, anybody, is who calls then
      if (by !== 'invite') return diverter === undefined || diverter === extension;
      const isCaller = caller === undefined || caller === extension;
      return isCaller && (diverter === undefined || claimsDiversion);
    });
  }

  /** What is known of a call, ringing or answered; undefined for one in the house. */
  of(name: string): OutsideCall | undefined {
    return this.#held.get(name)?.calls[0];
  }

  /** Is there one of this number? */
  has(name: string, number: string): boolean {
    return this.#held.get(name)?.calls.some((call) => call.number === number) === true;
  }

  started(name: string, startedAt: number): void {
    const held = this.#held.get(name);
    if (held === undefined) return;
    held.live++;
    for (const one of held.calls)
      if (one.answeredAt === undefined) {
        one.answeredAt = one.since ?? startedAt;
        one.until = this.#endOf(one);
        this.#ends.add(one);
      }
  }

  ended(name: string): void {
    const held = this.#held.get(name);
    if (held === undefined) return;
    held.live--;
    if (held.live > 0) return;
    for (const one of [...held.calls])
      if (one.connected) this.#remove(name, held, one);
      else this.#ringsOn(one);
  }

  /** Limits have changed: they hold for live calls from now on. */
  relimit(): void {
    for (const { calls } of this.#held.values())
      for (const call of calls)
        if (call.answeredAt !== undefined) {
          call.until = this.#endOf(call);
          this.#ends.update(call);
        }
  }

  /** The clock was set: a call lasts as long as it would have. */
  clockSet(byMs: number): void {
    for (const one of this.#expected) one.until += byMs;
    for (const { calls } of this.#held.values())
      for (const call of calls) {
        if (call.answeredAt !== undefined) call.answeredAt += byMs;
        if (call.since !== undefined) call.since += byMs;
      }
    this.relimit();
  }

  /** Once a second: the calls whose time is over, each once. */
  *overdue(now: number): Generator<OutsideCall> {
    for (
      let first = this.#expected[0];
      first !== undefined && first.until <= now;
      first = this.#expected[0]
    ) {
      this.#expected.shift();
      this.#unindex(first.call);
    }
    for (let first = this.#ends.first; (first?.until ?? never) <= now; first = this.#ends.first) {
      if (first === undefined) return;
      first.until = undefined;
      this.#ends.update(first);
      yield first;
    }
  }

  #endOf(call: OutsideCall): number | undefined {
    const seconds = this.#secondsOf(call);
    return seconds === undefined || call.answeredAt === undefined
      ? undefined
      : call.answeredAt + seconds * 1000;
  }

  #ringsOn(call: OutsideCall): void {
    if (call.answeredAt === undefined) return;
    this.#ends.remove(call);
    call.answeredAt = undefined;
    call.until = undefined;
  }

  #remove(name: string, held: Held, call: OutsideCall): void {
    const at = held.calls.indexOf(call);
    if (at < 0) return;
    held.calls.splice(at, 1);
    if (held.calls.length === 0) this.#held.delete(name);
    if (call.answeredAt !== undefined) this.#ends.remove(call);
    this.#unindex(call);
  }

  #index(call: OutsideCall): void {
    const others = this.#byNumber.get(call.number);
    if (others === undefined) this.#byNumber.set(call.number, [call]);
    else others.push(call);
  }

  #unindex(call: OutsideCall): void {
    const calls = this.#byNumber.get(call.number);
    const at = calls?.indexOf(call) ?? -1;
    if (calls === undefined || at < 0) return;
    if (calls.length === 1) this.#byNumber.delete(call.number);
    else calls.splice(at, 1);
  }
}

/** By which the legs of one call are known as such. */
export const numberOf = ({ dialled }: Pick<CallFacts, 'dialled'>): string =>
  dialled.e164 ?? dialled.digits;

/** Copied, so that a long call does not keep the message it began with. */
const callFrom = (name: string, facts: CallFacts, claimsDiversion: boolean): OutsideCall => ({
  callId: detached(facts.callId),
  name: detached(name),
  extension: facts.extension === undefined ? undefined : detached(facts.extension),
  number: detached(numberOf(facts)),
  by: facts.by,
  source: facts.source.address,
  route: facts.route?.name,
  pin: facts.pin?.entry,
  claimsDiversion,
  trunk: undefined,
  answeredAt: undefined,
  since: undefined,
  connected: false,
  continued: false,
  until: undefined,
  position: 0,
});
