import type { Attack } from '../edge/attack-watch.ts';
import type { EventKind, EventLevel } from '../edge/event-kinds.ts';
import type { Decided } from '../edge/gatekeeper.ts';
import { formatSource } from '../edge/packed-address.ts';
import type { BlockChange } from '../limits/block-entry.ts';
import type { GuardChange } from '../limits/guards.ts';
import type { Listed } from '../limits/listed-networks.ts';
import type { CallFacts, RequestFacts, Source, StageFacts } from '../policy/facts.ts';
import type { Reason } from '../policy/reasons.ts';
import type { GateEvent } from './event.ts';
import { eventOfRequest } from './event-of-request.ts';
import { short } from './short-text.ts';

export interface GateEventsOptions {
  readonly send: (events: readonly GateEvent[], lost: number) => void;
  /** Told at the latest after this. */
  readonly everyMs?: number;
  /** Told in that time; beyond, they are only counted. */
  readonly most?: number;
}

/** What is said of those that are not told apart. */
type Crowd = Pick<GateEvent, 'kind'> & Partial<Pick<GateEvent, 'rule' | 'level'>>;

interface Alike {
  readonly since: number;
  last: GateEvent;
  more: number;
}

/** The same from one source, by one rule, within so long is one event with a count. */
const ALIKE_MS = 1000;
/** Sources told apart at once; a flood from more of them is counted by rule alone. */
const MOST_ALIKE = 2000;
/** Of sources that anybody can forge, so many: a flood of them must not wash what matters out of the record in minutes. */
const MOST_STRANGERS = 100;
/** A trail costs as much as ten requests: so many in a second have one. */
const MOST_TRAILS = 50;
/** So many blocks in a second are told one by one. */
const MOST_BLOCKS = 100;
/** Many at once would hold up the calls that come meanwhile, and keep the messages they were read from. */
const TOGETHER = 64;

/** What happens, on its way to the control plane: in batches, floods summed, never more than a bound. */
export class GateEvents {
  readonly #options: Required<GateEventsOptions>;
  #waiting: GateEvent[] = [];
  #added = 0;
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #alike = new Map<string, Alike>();
  #strangers = 0;
  #trails = 0;
  #blocks = 0;
  #second: NodeJS.Timeout | undefined;

  constructor(options: GateEventsOptions) {
    this.#options = { everyMs: 250, most: 20_000, ...options };
  }

  add(event: GateEvent): void {
    this.#timer ??= setTimeout(() => this.flush(), this.#options.everyMs);
    if (this.#added >= this.#options.most) {
      this.#lost += event.count;
      return;
    }
    this.#added++;
    this.#waiting.push(event);
    if (this.#waiting.length >= TOGETHER) this.#tell();
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

  /** Something came for the first time from a network that a list names: it was refused, or would be. */
  listedCame({ network, rule, evidence, counted }: Listed): void {
    this.#second ??= setTimeout(() => this.#endOfSecond(), ALIKE_MS);
    if (++this.#blocks > MOST_BLOCKS) return;
    this.add({
      ...{ at: Date.now(), level: 'info', count: 1, source: network, rule },
      kind: counted.list.mode === 'shadow' ? 'shadow' : 'blocked',
      text: `by ${rule}, ${evidence}`,
    });
  }

  /**
   * A source was blocked, or is no longer. That a block ends which anybody could bring about is no news, and what another
   * node decided is told there.
   */
  blockChanged({ kind, entry, elsewhere }: BlockChange): void {
    if (elsewhere === true) return;
    const blocked = kind === 'added' || kind === 'changed';
    if (!blocked && entry.forgeable) return;
    this.#second ??= setTimeout(() => this.#endOfSecond(), ALIKE_MS);
    if (++this.#blocks > MOST_BLOCKS) return;
    const { network, rule, evidence, until } = entry;
    const at = Date.now();
    this.add({
      at,
      level: 'info',
      kind: blocked ? 'blocked' : 'unblocked',
      count: 1,
      source: network,
      rule,
      ...(blocked && until !== undefined && { seconds: Math.round((until - at) / 1000) }),
      text: blocked ? short(evidence) : kind,
    });
  }

  /** Many small things that are one attack: when it is seen, and when it is over. */
  attack(attack: Attack, what: 'began' | 'ended'): void {
    const { kind, rule, whom, tries, since, lastAt, seconds } = attack;
    this.add({
      ...{ at: Date.now(), level: what === 'began' ? 'warn' : 'info', kind: 'attack' },
      ...{ count: tries, rule },
      ...(kind === 'many-sources' && { extension: short(whom) }),
      ...(kind === 'many-extensions' && { source: formatSource(whom) }),
      ...(kind === 'rotating-prefixes' && { number: `…${whom}` }),
      seconds: what === 'began' ? seconds : Math.round((lastAt - since) / 1000),
      text: `${saidOf(attack)}${what === 'began' ? '' : '; over'}`,
    });
  }

  /** Whom nobody may guess at any more, or may again. What another node decided is told there. */
  guardChanged({ kind, guard, elsewhere }: GuardChange): void {
    if (elsewhere === true || kind === 'held') return;
    const { extension, by, evidence, until } = guard;
    const at = Date.now();
    this.add({
      ...{ at, level: 'warn', kind: 'guard', count: 1, extension: short(extension) },
      ...(by === 'rule' && { rule: 'distributed-guessing' }),
      ...(kind === 'raised' && until !== undefined && { seconds: Math.round((until - at) / 1000) }),
      text: short(`${kind} by ${by === 'rule' ? 'the rule' : 'an operator'}: ${evidence}`),
    });
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#added = 0;
    this.#tell();
  }

  #tell(): void {
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

  /** The PBX took somebody's credentials not. */
  failed(extension: string, source: string, reason: Reason): void {
    const key = `failed ${extension} ${source}`;
    if (this.#isAgain(key, false, { kind: 'failed', rule: reason })) return;
    const at = Date.now();
    this.#first(key, false, {
      at,
      level: 'info',
      kind: 'failed',
      count: 1,
      method: 'REGISTER',
      extension: short(extension),
      source,
      reason,
    });
  }

  /** Strangers may dial them as fast as they like, and are told of by their address: they are anybody in From. */
  emergency(facts: CallFacts): void {
    const stranger = facts.source.tier === 'unknown';
    const key = `emergency ${facts.source.key} ${stranger ? '' : facts.extension}`;
    if (this.#isAgain(key, stranger, { kind: 'emergency', level: 'alert' })) return;
    this.#first(key, stranger, eventOfRequest(facts, 'emergency', 'alert'));
  }

  #refusal(
    kind: EventKind,
    rule: string,
    reason: Reason,
    decided: Decided,
    exception?: string,
  ): void {
    const { facts } = decided;
    const key = `${kind} ${rule} ${reason} ${facts.source.key}`;
    const stranger = facts.source.tier === 'unknown';
    if (this.#isAgain(key, stranger, { kind, rule })) return;
    this.#first(key, stranger, {
      ...described(decided, kind, stranger ? 'info' : 'warn'),
      reason,
      rule,
      ...(exception !== undefined && { exception }),
      ...(this.#trails++ < MOST_TRAILS && { trail: decided.trail() }),
    });
  }

  /** The same within the second: it is told at the end of it, with how often it came. */
  #isAgain(key: string, stranger: boolean, all: Crowd): boolean {
    const known = this.#alike.get(key) ?? this.#crowded(stranger, all);
    if (known === undefined) return false;
    known.more++;
    return true;
  }

  #first(key: string, stranger: boolean, event: GateEvent): void {
    this.#second ??= setTimeout(() => this.#endOfSecond(), ALIKE_MS);
    if (stranger) this.#strangers++;
    this.#alike.set(key, { since: event.at, last: event, more: 0 });
    this.add(event);
  }

  /** With too many sources at once, one entry stands for all that are new. */
  #crowded(stranger: boolean, crowd: Crowd): Alike | undefined {
    const room = stranger ? this.#strangers < MOST_STRANGERS : this.#alike.size < MOST_ALIKE;
    if (room) return undefined;
    const key = `${crowd.kind} ${crowd.rule}`;
    const known = this.#alike.get(key);
    if (known !== undefined || this.#alike.size >= MOST_ALIKE * 2) return known;
    const at = Date.now();
    const text = 'from more sources than are told apart';
    const last: GateEvent = { at, level: 'warn', count: 1, text, ...crowd };
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
    const blocks = this.#blocks - MOST_BLOCKS;
    if (blocks > 0) {
      const text = 'more blocks than are told one by one';
      this.add({ at, level: 'warn', kind: 'blocked', count: blocks, text });
    }
    this.#alike.clear();
    this.#strangers = 0;
    this.#trails = 0;
    this.#blocks = 0;
    this.#second = undefined;
  }
}

/** The evidence, for people. */
function saidOf({ kind, members, tries, sources = 0 }: Attack): string {
  switch (kind) {
    case 'many-sources':
      return `${members} sources fail at one extension, ${tries} tries`;
    case 'many-extensions':
      return `one source fails at ${members} extensions, ${tries} tries`;
    case 'rotating-prefixes':
      return `a number is dialled behind ${members} prefixes by ${sources} sources, ${tries} tries`;
    case 'everywhere':
      return `${members} sources fail at many extensions, ${tries} tries`;
  }
}

/** The facts that an event keeps. */
function described(
  { stage, facts, decision: { verdict } }: Decided,
  kind: EventKind,
  level: EventLevel,
): GateEvent {
  return {
    ...(isRequest(facts)
      ? eventOfRequest(facts, kind, level)
      : { at: facts.at, level, kind, count: 1, ...describedSource(facts.source) }),
    stage,
    ...(verdict.kind !== 'pass' && { verdict: verdict.kind }),
    ...(verdict.kind === 'reject' && { status: verdict.status }),
  };
}

const describedSource = ({ address, port, transport, realm, tier, country }: Source) => ({
  source: address,
  port,
  transport,
  realm,
  tier,
  country,
});

const isRequest = (facts: StageFacts[keyof StageFacts]): facts is RequestFacts =>
  'profile' in facts;
