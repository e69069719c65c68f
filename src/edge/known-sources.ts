import type { Registrations } from './registrations.ts';
import type { Call, Flow } from './signaling.ts';

/** Who is in a call is worked out when asked, and not more often than this. */
const FRESH_MS = 1000;

/**
 * Who has proved that what we send arrives: a registered phone has answered the PBX's challenge, one in a call
 * knows the other side's tag. Asked for strangers only, so it must not cost anything for those who are known.
 */
export class KnownSources {
  readonly #registrations: Registrations;
  readonly #calls: () => Iterable<Call>;
  #inCalls: ReadonlySet<string> = new Set();
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(registrations: Registrations, calls: () => Iterable<Call>) {
    this.#registrations = registrations;
    this.#calls = calls;
  }

  has({ token }: Flow): boolean {
    return this.#registrations.holds(token) || this.#isInCall(token);
  }

  #isInCall(flow: string): boolean {
    const now = performance.now();
    if (now - this.#readAt > FRESH_MS) {
      const flows = new Set<string>();
      for (const { caller, callee } of this.#calls()) {
        flows.add(caller.token);
        flows.add(callee.token);
      }
      this.#inCalls = flows;
      this.#readAt = now;
    }
    return this.#inCalls.has(flow);
  }
}
