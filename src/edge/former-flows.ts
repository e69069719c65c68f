import type { BindingRow } from './registrations-store.ts';

type Registered = Pick<BindingRow, 'aor' | 'callId' | 'flow' | 'expiresAt'>;

/** Who was reached by a flow and registered by another one since. */
interface Left {
  readonly registered: readonly Registered[];
  /** Somebody was there too of whom nobody knows where he is now. */
  readonly unsure: boolean;
}

/** More flows than a phone loses within one call. */
const MOST_FORMER = 4;

/**
 * By which flow those are reached now who came back on a new connection, or from another address or port: their calls and
 * subscriptions still name the old one. Several may have shared that; then all must be together again, or one could get
 * what is another's.
 */
export class FormerFlows {
  readonly #holds: (flow: string) => boolean;
  readonly #left = new Map<string, Left>();
  readonly #former = new Map<Registered, readonly string[]>();

  /** `holds`: is anybody registered by this flow now? */
  constructor(holds: (flow: string) => boolean) {
    this.#holds = holds;
  }

  /** The present flow of everybody who was reached by this one; undefined when that is not certain. */
  now(flow: string, at: number): string | undefined {
    const left = this.#left.get(flow);
    if (left === undefined || left.unsure || this.#holds(flow)) return undefined;
    const [first] = left.registered;
    return left.registered.every((one) => one.flow === first?.flow && one.expiresAt > at)
      ? first?.flow
      : undefined;
  }

  /** It is about to be reached by another flow than it was. */
  moved(registered: Registered): void {
    this.#note(registered, registered.flow);
  }

  /** A device that names itself anew registered beside what it was known as, with the Call-ID it had (RFC 3261 §10.2.4). */
  succeeds(registered: Registered, before: Registered): void {
    if (before.flow === registered.flow) return;
    for (const flow of this.#former.get(before) ?? []) this.#note(registered, flow);
    this.#note(registered, before.flow);
  }

  /** It is registered no more. */
  removed(registered: Registered): void {
    for (const flow of this.#former.get(registered) ?? []) this.#forget(registered, flow);
    this.#former.delete(registered);
    this.#forget(registered, registered.flow);
  }

  #note(registered: Registered, flow: string): void {
    const { registered: others = [], unsure = false } = this.#left.get(flow) ?? {};
    if (others.includes(registered)) return;
    this.#left.set(flow, { registered: [...others, registered], unsure });
    const flows = [...(this.#former.get(registered) ?? []), flow];
    const [oldest] = flows;
    if (flows.length > MOST_FORMER && oldest !== undefined) {
      flows.shift();
      this.#forget(registered, oldest);
    }
    this.#former.set(registered, flows);
  }

  #forget(gone: Registered, flow: string): void {
    const left = this.#left.get(flow);
    const registered = left?.registered.filter((other) => other !== gone) ?? [];
    const held = this.#holds(flow);
    if (registered.length === 0 && !held) {
      this.#left.delete(flow);
      return;
    }
    const sameDevice = ({ aor, callId }: Registered) => aor === gone.aor && callId === gone.callId;
    const unsure = left?.unsure === true || held || !registered.every(sameDevice);
    this.#left.set(flow, { registered, unsure });
  }
}
