import { canBeGuarded, type GuardChange, Guards } from '../limits/guards.ts';
import { WindowCounts } from '../limits/window-counts.ts';
import type { CallFacts } from '../policy/facts.ts';
import type { PolicySettings } from '../policy/policy-settings.ts';
import { least, type Mode } from '../policy/rule.ts';
import {
  diallersOf,
  rotatingPrefixes,
  spellingsOf,
  tailOf,
  wholeNumber,
} from '../policy/rules/outbound/rotating-prefixes.ts';
import {
  distributedGuessing,
  everybody,
  guessersOf,
} from '../policy/rules/registration/distributed-guessing.ts';
import {
  guessedBy,
  limitsOfNetwork,
  spreadGuessing,
} from '../policy/rules/registration/spread-guessing.ts';
import { settingsOf } from '../policy/settings-of.ts';
import {
  allWindows,
  type SpreadLimits,
  spreadOver,
  spreadWindows,
} from '../policy/spread-windows.ts';
import { wholeNetworkOf } from '../policy/whole-network.ts';
import { detached } from '../sip/message/detached.ts';
import type { Guesses } from './guesses.ts';

/** What many small things come to. A closed set: metrics are counted by it. */
export const attackKinds = [
  'many-sources',
  'many-extensions',
  'everywhere',
  'rotating-prefixes',
] as const;
export type AttackKind = (typeof attackKinds)[number];

/** One attack, from when it is seen as such until nothing of it has come for long. */
export interface Attack {
  readonly kind: AttackKind;
  /** The rule that watches for it. */
  readonly rule: string;
  /** The extension, the source, or how the numbers end; empty where it is all extensions. */
  readonly whom: string;
  /** How many sources tried, or how many extensions or beginnings of a number were tried, within a day. */
  members: number;
  /** Of a number: how many sources dialled it. */
  sources?: number;
  tries: number;
  readonly since: number;
  lastAt: number;
  /** The time over which it was seen, in seconds. */
  readonly seconds: number;
}

type Counted = Pick<Guesses, 'dialled' | 'distinct' | 'forgive' | 'tried'>;

export interface AttackObserver {
  attackBegan(attack: Attack): void;
  attackEnded(attack: Attack): void;
  guardChanged(change: GuardChange): void;
}

/**
 * Whoever has sources enough begins as many as he likes: of more of a kind, none is told of until others are over. Those
 * of one kind, which forged packets can make, keep nobody from hearing of another.
 */
const MOST_OF_A_KIND = 250;
const MOST_KEYS = 16_384;
/** An attack is over when nothing of it came for so long, or for as long as it took to see it. */
const QUIET_SECONDS = 3600;
const LOOK_EVERY_MS = 10_000;

interface Spread extends SpreadLimits {
  readonly mode: Mode;
}
interface Rotating extends Spread {
  readonly digits: number;
}
interface Watched extends Spread {
  readonly seconds: number;
  readonly everywhere: SpreadLimits;
}

/**
 * Sees in what fails one by one the attack that it is part of, over minutes, an hour and a day, and raises the guard of an
 * extension at which many try. It remembers counts, never lists; each attack is told of when it begins and when it is over.
 */
export class AttackWatch {
  readonly guards: Guards;
  readonly #guesses: Counted;
  readonly #observer: AttackObserver;
  readonly #attacks = new Map<string, Attack>();
  readonly #tries = new WindowCounts(MOST_KEYS);
  readonly #begun = new Map<AttackKind, number>();
  /** Those that go on. */
  readonly #live = new Map<AttackKind, number>();
  #distributed: Watched;
  #spread: Spread;
  #rotating: Rotating;
  #lookedAt = 0;

  constructor(settings: PolicySettings, guesses: Counted, observer: AttackObserver) {
    this.#guesses = guesses;
    this.#observer = observer;
    this.guards = new Guards((change) => observer.guardChanged(change));
    [this.#distributed, this.#spread, this.#rotating] = watchedIn(settings);
  }

  reload(settings: PolicySettings): void {
    [this.#distributed, this.#spread, this.#rotating] = watchedIn(settings);
  }

  /** Whether guards keep anybody out. */
  get mode(): Mode {
    return this.#distributed.mode;
  }

  /** How many were seen since the start. */
  get begun(): Readonly<Partial<Record<AttackKind, number>>> {
    return Object.fromEntries(this.#begun);
  }

  /** Somebody failed at the extension, and that was counted. */
  failed(extension: string, source: string, at: number): void {
    if (this.#spread.mode !== 'off') this.#spreads(source, at);
    this.#tried(extension, at);
  }

  #spreads(source: string, at: number): void {
    this.#look('many-extensions', source, guessedBy(source), this.#spread, at);
    const network = wholeNetworkOf(source);
    if (network === source) return;
    const limits = limitsOfNetwork(this.#spread);
    this.#look('many-extensions', network, guessedBy(network), limits, at);
  }

  /** Somebody was not let try, because the extension is guarded. */
  keptOut(extension: string, source: string, at: number): void {
    this.#guesses.tried(extension, source, at);
    this.#tried(extension, at);
  }

  /** Somebody calls, whether or not he may. */
  calls(facts: CallFacts): void {
    const { mode, digits } = this.#rotating;
    const tail = mode === 'off' ? undefined : tailOf(facts, digits);
    if (tail === undefined) return;
    const { at, source } = facts;
    this.#guesses.dialled(tail, wholeNumber(facts), source.key, at);
    this.#look('rotating-prefixes', detached(tail), spellingsOf(tail), this.#rotating, at, () =>
      this.#guesses.distinct(diallersOf(tail), spreadWindows.day, at),
    );
  }

  #tried(named: string, at: number): void {
    const extension = detached(named); // it may be kept, and the message it came in not
    const { mode, seconds, everywhere } = this.#distributed;
    if (mode === 'off') return;
    this.#look('everywhere', '', everybody, everywhere, at);
    if (!canBeGuarded(extension)) return;
    const seen = this.#look(
      'many-sources',
      extension,
      guessersOf(extension),
      this.#distributed,
      at,
    );
    if (seen === undefined) return;
    const evidence = `${seen.members} sources failed, ${seen.tries} tries`;
    this.guards.raise({ extension, by: 'rule', evidence, forMs: seconds * 1000 }, at);
  }

  /** By the word of a person, here or at another node: it begins anew. */
  forgive(extension: string): void {
    this.#guesses.forgive(extension);
    this.#over(nameOf('many-sources', extension), 'many-sources');
  }

  #over(name: string, kind: AttackKind): void {
    if (this.#attacks.delete(name)) this.#live.set(kind, (this.#live.get(kind) ?? 1) - 1);
  }

  /** Once a second. */
  sweep(now: number): void {
    this.guards.sweep(now);
    if (Math.abs(now - this.#lookedAt) < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    for (const [name, attack] of this.#attacks) {
      const quietMs = Math.max(attack.seconds, QUIET_SECONDS) * 1000;
      if (Math.abs(now - attack.lastAt) < quietMs) continue;
      this.#over(name, attack.kind);
      this.#observer.attackEnded(attack);
    }
  }

  /** What it is part of; undefined when that is no attack, or not any more. */
  #look(
    kind: AttackKind,
    whom: string,
    key: string,
    limits: SpreadLimits,
    at: number,
    sources?: () => number,
  ): Pick<Attack, 'members' | 'tries'> | undefined {
    const tries = triesWithin((seconds) => this.#tries.add(key, seconds, at));
    const over = spreadOver(this.#guesses, key, limits, allWindows, at);
    // nearly always there is no attack that a name would be made for
    const known = this.#attacks.size === 0 ? undefined : this.#attacks.get(nameOf(kind, whom));
    if (known !== undefined) {
      known.lastAt = at;
      known.tries++;
      known.members = Math.max(known.members, this.#guesses.distinct(key, spreadWindows.day, at));
      if (sources !== undefined) known.sources = Math.max(known.sources ?? 0, sources());
      return over === undefined ? undefined : known;
    }
    if (over === undefined) return undefined;
    const attack: Attack = {
      ...{ kind, whom, since: at, lastAt: at, seconds: spreadWindows[over], tries: tries[over] },
      rule: ruleOf[kind],
      members: this.#guesses.distinct(key, spreadWindows[over], at),
      ...(sources !== undefined && { sources: sources() }),
    };
    if ((this.#live.get(kind) ?? 0) >= MOST_OF_A_KIND) return attack;
    this.#attacks.set(nameOf(kind, whom), attack);
    this.#live.set(kind, (this.#live.get(kind) ?? 0) + 1);
    this.#begun.set(kind, (this.#begun.get(kind) ?? 0) + 1);
    this.#observer.attackBegan(attack);
    return attack;
  }
}

const ruleOf: Readonly<Record<AttackKind, string>> = {
  'many-sources': distributedGuessing.name,
  'many-extensions': spreadGuessing.name,
  everywhere: distributedGuessing.name,
  'rotating-prefixes': rotatingPrefixes.name,
};

const nameOf = (kind: AttackKind, whom: string): string => `${kind} ${whom}`;

const triesWithin = (count: (seconds: number) => number): SpreadLimits => ({
  tenMinutes: count(spreadWindows.tenMinutes),
  hour: count(spreadWindows.hour),
  day: count(spreadWindows.day),
});

function watchedIn(policy: PolicySettings): [Watched, Spread, Rotating] {
  const rotating = settingsOf(policy, rotatingPrefixes);
  const watched = settingsOf(policy, distributedGuessing);
  const spread = settingsOf(policy, spreadGuessing);
  const { rules } = policy.site;
  return [
    { ...watched, mode: least(watched.mode, rules) },
    { ...spread, mode: least(spread.mode, rules) },
    { ...rotating, mode: least(rotating.mode, rules) },
  ];
}
