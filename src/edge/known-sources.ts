import type { Registrations } from './registrations.ts';
import type { Call, Flow } from './signaling.ts';

/** Who is in a call is worked out when asked, and not more often than this. */
const FRESH_MS = 1000;
/** So many calls are gone through between two packets: there may be 50,000, and any stranger has us ask. */
const PER_TURN = 1000;

/**
 * Who has proved that what we send arrives: a registered phone has answered the PBX's challenge, one in a call
 * knows the other side's tag. Asked for strangers only, so it must not cost anything for those who are known.
 */
export class KnownSources {
  readonly #registrations: Pick<Registrations, 'holds'>;
  readonly #calls: () => Iterable<Call>;
  #inCalls: ReadonlySet<string> = new Set();
  #readAt = Number.NEGATIVE_INFINITY;
  #isReading = false;

  constructor(registrations: Pick<Registrations, 'holds'>, calls: () => Iterable<Call>) {
    this.#registrations = registrations;
    this.#calls = calls;
  }

  has({ token }: Pick<Flow, 'token'>): boolean {
    return this.#registrations.holds(token) || this.#isInCall(token);
  }

  #isInCall(flow: string): boolean {
    const now = performance.now();
    if (!this.#isReading && now - this.#readAt > FRESH_MS) {
      this.#isReading = true;
      this.#readAt = now;
      this.#read(Iterator.from(this.#calls()), new Set());
    }
    return this.#inCalls.has(flow);
  }

  /** Until all are read those count that were read before. */
  #read(calls: Iterator<Call>, flows: Set<string>): void {
    for (let count = 0; count < PER_TURN; count++) {
      const { done, value } = calls.next();
      if (done) {
        this.#inCalls = flows;
        this.#isReading = false;
        return;
      }
      flows.add(value.caller.token).add(value.callee.token);
    }
    setImmediate(() => this.#read(calls, flows));
  }
}
