import type { Decided } from '../edge/gatekeeper.ts';
import type { CallFacts, RequestFacts, StageFacts } from '../policy/facts.ts';
import type { Reason } from '../policy/reasons.ts';
import type { EventKind, GateEvent } from './event.ts';

export interface GateEventsOptions {
  readonly send: (events: readonly GateEvent[], lost: number) => void;
  /** Told at most this often. */
  readonly everyMs?: number;
  /** Waiting at once; beyond, they are only counted. */
  readonly most?: number;
}

interface Alike {
  readonly since: number;
  last: GateEvent;
  more: number;
}

/** The same from one source, by one rule, within so long is one event with a count. */
const ALIKE_MS = 1000;
/** Sources told apart at once; a flood from more of them is counted by rule alone. */
const MOST_ALIKE = 2000;
/** A trail costs as much as ten requests: so many in a second have one. */
const MOST_TRAILS = 50;
const LONGEST_TEXT = 200;

/** What happens, on its way to the control plane: in batches, floods summed, never more than a bound. */
export class GateEvents {
  readonly #options: Required<GateEventsOptions>;
  #waiting: GateEvent[] = [];
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #alike = new Map<string, Alike>();
  #trails = 0;
  #second: NodeJS.Timeout | undefined;

  constructor(options: GateEventsOptions) {
    this.#options = { everyMs: 250, most: 20_000, ...options };
  }

  add(event: GateEvent): void {
    if (this.#waiting.length >= this.#options.most) {
      this.#lost += event.count;
      return;
    }
    this.#waiting.push(event);
    this.#timer ??= setTimeout(() => this.flush(), this.#options.everyMs);
  }

  /** A refusal, and what rules in shadow or excepted ones would have refused. */
  decided(decided: Decided): void {
    const { verdict, rule, shadows } = decided.decision;
    if (verdict.kind !== 'pass' && rule !== undefined)
      this.#refusal('refused', rule, verdict.reason, decided);
    for (const shadow of shadows)
      this.#refusal(
        shadow.exception === undefined ? 'shadow' : 'excepted',
        shadow.rule,
        shadow.verdict.reason,
        decided,
        shadow.exception,
      );
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0 && this.#lost === 0) return;
    const events = this.#waiting;
    const lost = this.#lost;
    this.#waiting = [];
    this.#lost = 0;
    this.#options.send(events, lost);
  }

  /** What was summed up to now is told. */
  close(): void {
    this.#endOfSecond();
    clearTimeout(this.#second);
    this.#second = undefined;
    this.flush();
  }

  #refusal(
    kind: EventKind,
    rule: string,
    reason: Reason,
    decided: Decided,
    exception?: string,
  ): void {
    this.#second ??= setTimeout(() => this.#endOfSecond(), ALIKE_MS);
    const { facts } = decided;
    const key = `${kind} ${rule} ${reason} ${facts.source.key}`;
    const known = this.#alike.get(key) ?? this.#crowded(kind, rule);
    if (known !== undefined) {
      known.more++;
      return;
    }
    const event: GateEvent = {
      at: facts.at,
      level: facts.source.tier === 'unknown' ? 'info' : 'warn',
      kind,
      count: 1,
      ...described(decided),
      reason,
      rule,
      ...(exception !== undefined && { exception }),
      ...(this.#trails++ < MOST_TRAILS && { trail: decided.trail() }),
    };
    this.#alike.set(key, { since: facts.at, last: event, more: 0 });
    this.add(event);
  }

  /** With too many sources at once, one entry stands for all that are new. */
  #crowded(kind: EventKind, rule: string): Alike | undefined {
    if (this.#alike.size < MOST_ALIKE) return undefined;
    const key = `${kind} ${rule}`;
    const known = this.#alike.get(key);
    if (known !== undefined || this.#alike.size >= MOST_ALIKE * 2) return known;
    const at = Date.now();
    const text = 'from more sources than are told apart';
    const last: GateEvent = { at, level: 'warn', kind, count: 1, rule, text };
    const all = { since: at, last, more: 0 };
    this.#alike.set(key, all);
    return all;
  }

  #endOfSecond(): void {
    const at = Date.now();
    for (const { last, more } of this.#alike.values()) {
      const { trail: _, ...same } = last;
      if (more > 0) this.add({ ...same, at, count: more });
    }
    this.#alike.clear();
    this.#trails = 0;
    this.#second = undefined;
  }
}

/** The facts that an event keeps. */
function described({ facts, decision: { verdict } }: Decided): Partial<GateEvent> {
  const { source } = facts;
  return {
    ...(verdict.kind !== 'pass' && { verdict: verdict.kind }),
    ...(verdict.kind === 'reject' && { status: verdict.status }),
    source: source.address,
    port: source.port,
    transport: source.transport,
    realm: source.realm,
    tier: source.tier,
    ...(source.country !== undefined && { country: source.country }),
    ...(isRequest(facts) && describedRequest(facts)),
  };
}

/** Of a request, also for calls and registrations that were let through. */
export function describedRequest(facts: RequestFacts | CallFacts): Partial<GateEvent> {
  const { extension, userAgent, callId } = facts;
  return {
    method: facts.method.slice(0, 32),
    ...(extension !== undefined && extension !== '' && { extension: short(extension) }),
    ...(userAgent !== undefined && { userAgent: short(userAgent) }),
    callId: short(callId),
    ...('dialled' in facts && {
      number: short(facts.dialled.e164 ?? facts.dialled.digits),
      ...(facts.route !== undefined && { route: facts.route.name }),
      ...(facts.trunk !== undefined && { trunk: facts.trunk }),
      ...(facts.pin?.entry !== undefined && { pin: facts.pin.entry }),
    }),
  };
}

const isRequest = (facts: StageFacts[keyof StageFacts]): facts is RequestFacts =>
  'profile' in facts;

/** What a stranger wrote fills no log. Copied, so that it does not keep the whole message it was cut from. */
const short = (text: string): string =>
  text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
