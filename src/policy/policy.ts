import { keyOf } from './call-keys.ts';
import type { Counters } from './counters.ts';
import { type Concerned, Exceptions } from './exceptions.ts';
import type { RequestFacts, Stage, StageFacts } from './facts.ts';
import { type PolicySettings, sectionOf } from './policy-settings.ts';
import { rulesOf } from './registry.ts';
import { least, type Mode, type Rule, type SettingPath } from './rule.ts';
import { type Hidden, hidesFrom, stealth } from './rules/network/stealth.ts';
import { callDuration, type LimitedCall, mostSeconds } from './rules/outbound/call-duration.ts';
import { callerIdentity } from './rules/outbound/caller-identity.ts';
import { concurrentCalls } from './rules/outbound/concurrent-calls.ts';
import { noGuests } from './rules/outbound/no-guests.ts';
import { distributedGuessing } from './rules/registration/distributed-guessing.ts';
import { lockout } from './rules/registration/lockout.ts';
import { provenCredentials } from './rules/registration/proven-credentials.ts';
import { spreadGuessing } from './rules/registration/spread-guessing.ts';
import { settingsOf } from './settings-of.ts';
import { createSite, type Site } from './site.ts';
import {
  type Adjustments,
  accept,
  type Drop,
  pass,
  type Refused,
  type Reject,
  reject,
  type Verdict,
} from './verdict.ts';

/** What became of one request at one stage. */
export interface Decision {
  readonly verdict: Exclude<Verdict, { kind: 'adjust' }>;
  /** The rule that refused. */
  readonly rule: string | undefined;
  /** What rules would have said that are in shadow, or do not count for now. */
  readonly shadows: readonly Shadow[];
  /** What is done differently, also with what is refused by a later rule. */
  readonly adjust?: Adjustments | undefined;
  /** What the rule threw, when it threw: a bug of ours, for the log. */
  readonly fault?: unknown;
}

export interface Shadow {
  readonly rule: string;
  readonly verdict: Refused;
  /** The name of the exception by which it does not count; undefined when it is in shadow. */
  readonly exception?: string | undefined;
}

/** When a live call ends by itself. */
export interface CallLimit {
  /** After its answer. */
  readonly seconds: number;
  /** Where that is said. */
  readonly setting: SettingPath;
  readonly mode: Mode;
  /** It does not count for this call until then, by an exception. */
  readonly exceptedUntil: number | undefined;
}

/** One line of a trail. */
export interface Step {
  readonly rule: string;
  readonly mode: Mode;
  readonly verdict: Verdict;
  readonly saw: string;
  readonly setting: SettingPath;
  readonly flip: string | undefined;
  /** The exception by which its refusal does not count. */
  readonly exception: string | undefined;
}

/** One rule that was asked, as an event keeps it. */
export interface Asked {
  readonly rule: string;
  readonly says: 'pass' | 'shadow' | 'excepted' | 'refuse';
  readonly saw: string;
  /** Of the rule that refused. */
  readonly setting?: SettingPath;
  readonly flip?: string;
}

const noShadows: readonly Shadow[] = [];
const admitted: Decision = { verdict: pass, rule: undefined, shadows: noShadows };

/** What stands between a guesser and a password, wherever he has it tried. */
const ofPasswords: ReadonlySet<string> = new Set(
  [provenCredentials, lockout, spreadGuessing, distributedGuessing].map(({ name }) => name),
);

interface Askable<Facts> {
  readonly name: string;
  readonly mode: Mode;
  readonly methods: readonly string[] | 'all';
  readonly rule: Rule<Facts>;
  /** The last decision by it alone: in a flood all are the same. */
  refused?: Decision;
}

/**
 * One snapshot of all rules. Live traffic, `explain`, policy tests and replay all ask the same, so what they say is
 * what happens.
 */
export class Policy {
  readonly site: Site;
  readonly #exceptions: Exceptions;
  readonly #callSeconds: number;
  readonly #callsOnTrunks: Readonly<Record<string, number>>;
  readonly #isStealthy: boolean;
  /** Over UDP a source counts only once it has answered a challenge that went there (N12). */
  readonly wantsProof: boolean;
  readonly #provenMode: Mode;
  /** Refusals by an answer, and what strangers meet in their place. */
  readonly #silences = new WeakMap<Reject, Drop>();
  readonly #asked: { readonly [S in Stage]: readonly Askable<StageFacts[S]>[] };
  readonly #ofPasswords: readonly Askable<StageFacts['registration']>[];

  constructor(settings: PolicySettings) {
    const { guests } = settingsOf(settings, noGuests);
    this.site = createSite(settings.site, settings.extensions, { ...settings, guests });
    this.#callSeconds = settingsOf(settings, callDuration).seconds;
    this.#callsOnTrunks = settingsOf(settings, concurrentCalls).trunks;
    this.#exceptions = new Exceptions(settings.exceptions, settings.site.timeZone);
    const asked = <S extends Stage>(stage: S): readonly Askable<StageFacts[S]>[] =>
      rulesOf[stage].map((definition) => {
        const { name, create, methods = isOfCalls[stage] ? onlyCalls : 'all' } = definition;
        const { mode, ...options } = settingsOf(settings, definition);
        const rule = create(options, this.site);
        return { name, mode: least(mode, settings.site.rules), methods, rule };
      });
    this.#isStealthy = least(settingsOf(settings, stealth).mode, settings.site.rules) === 'on';
    this.#provenMode = least(settingsOf(settings, provenCredentials).mode, settings.site.rules);
    this.wantsProof = this.#provenMode === 'on';
    this.#asked = {
      packet: asked('packet'),
      broken: asked('broken'),
      network: asked('network'),
      registration: asked('registration'),
      outbound: asked('outbound'),
      inbound: asked('inbound'),
    };
    this.#ofPasswords = this.#asked.registration.filter(({ name }) => ofPasswords.has(name));
  }

  /**
   * The first rule that refuses decides; what it says of emergency calls and of the trusted does not count. A rule that
   * throws refuses: a broken gate must not stand open.
   */
  judge<S extends Stage>(
    stage: S,
    facts: StageFacts[S],
    counters: Counters,
    rules: readonly Askable<StageFacts[S]>[] = this.#asked[stage],
  ): Decision {
    const own = ownModes(stage, facts);
    let shadows = noShadows;
    let adjust: Adjustments | undefined;
    for (const asked of rules) {
      const { name, mode, methods, rule } = asked;
      const effective = own === undefined ? mode : (own[name] ?? mode);
      if (effective === 'off' || !concerns(methods, facts)) continue;
      let verdict: Verdict;
      try {
        verdict = rule.judge(facts, counters);
      } catch (fault) {
        if (isSpared(stage, facts)) return admitted;
        const failed = this.#said(reject(500, 'rule-failed'), facts);
        return { verdict: failed, rule: name, shadows, fault };
      }
      if (verdict.kind === 'pass') {
        if (verdict === accept && effective === 'on') break;
        continue;
      }
      if (verdict.kind === 'adjust') {
        if (effective === 'on') adjust = adjust === undefined ? verdict : { ...adjust, ...verdict };
        continue;
      }
      // asked of the few that are refused, and not of all that pass
      if (isSpared(stage, facts)) return admitted;
      const exception = this.#exceptions.find(name, facts);
      if (effective === 'on' && exception === undefined) {
        verdict = this.#said(verdict, facts);
        if (shadows !== noShadows || adjust !== undefined)
          return { verdict, rule: name, shadows, adjust };
        if (asked.refused?.verdict !== verdict)
          asked.refused = { verdict, rule: name, shadows, adjust };
        return asked.refused;
      }
      shadows = [...shadows, { rule: name, verdict, exception }];
    }
    if (shadows === noShadows && adjust === undefined) return admitted;
    return { verdict: pass, rule: undefined, shadows, adjust };
  }

  /** May a password be tried that comes with something else than a registration? By what holds guessers there. */
  judgePassword(facts: StageFacts['registration'], counters: Counters): Decision {
    return this.judge('registration', facts, counters, this.#ofPasswords);
  }

  /** `wantsProof` for a caller who is known: there are phones that can prove nothing, for which the rule is off. */
  wantsProofOf(facts: Concerned & Pick<RequestFacts, 'profile'>): boolean {
    const { name } = provenCredentials;
    const mode = facts.profile.rules?.[name] ?? this.#provenMode;
    return mode === 'on' && this.#exceptions.find(name, facts) === undefined;
  }

  /** Is whoever asks this, and is refused, to learn nothing, not even that somebody is here (N10)? */
  hidesFrom(facts: Hidden): boolean {
    return (
      this.#isStealthy &&
      hidesFrom(facts, this.site) &&
      this.#exceptions.find(stealth.name, facts) === undefined
    );
  }

  /** How long a call that was let through may last, and whether that counts for it (O9). */
  callLimit(call: LimitedCall & Concerned): CallLimit {
    const { setting, seconds } = mostSeconds(call, this.#callSeconds, this.site);
    const { name } = callDuration;
    const mode = this.#modeOutbound(name, call);
    const exceptedUntil = mode === 'off' ? undefined : this.#exceptions.endOf(name, call);
    return { seconds, setting, mode: exceptedUntil === undefined ? mode : 'off', exceptedUntil };
  }

  /** Does it count for a caller that he shows no number but his own (O12)? Of what he shows once the call has begun. */
  wantsOwnIdentity(call: Concerned & Pick<RequestFacts, 'profile'>): boolean {
    const { name } = callerIdentity;
    return (
      this.#modeOutbound(name, call) === 'on' && this.#exceptions.find(name, call) === undefined
    );
  }

  /** Has this trunk room for a call that was judged for another one, and failed there (O8)? */
  hasRoomOn(
    trunk: string,
    call: Concerned & Pick<RequestFacts, 'profile'>,
    counters: Pick<Counters, 'live'>,
  ): boolean {
    const { name } = concurrentCalls;
    const most = Object.hasOwn(this.#callsOnTrunks, trunk) ? this.#callsOnTrunks[trunk] : undefined;
    if (most === undefined || counters.live(keyOf('trunk', trunk)) < most) return true;
    return (
      this.#modeOutbound(name, call) !== 'on' || this.#exceptions.find(name, call) !== undefined
    );
  }

  /** Of a rule that is asked beside the others. */
  #modeOutbound(name: string, { profile }: Pick<RequestFacts, 'profile'>): Mode {
    const rule = this.#asked.outbound.find((one) => one.name === name);
    return profile.rules?.[name] ?? rule?.mode ?? 'off';
  }

  /** A refusal as it is met with: by strangers, in silence. */
  #said(refusal: Refused, facts: StageFacts[Stage]): Refused {
    if (refusal.kind !== 'reject' || !('method' in facts) || !this.hidesFrom(facts)) return refusal;
    const known = this.#silences.get(refusal);
    if (known !== undefined) return known;
    const { reason, block } = refusal;
    const silence: Drop = { kind: 'drop', reason, ...(block && { block }) };
    this.#silences.set(refusal, silence);
    return silence;
  }

  /** The rules that were asked for this decision, up to the one that refused. Counts must not be counted along. */
  trail<S extends Stage>(
    stage: S,
    facts: StageFacts[S],
    counters: Counters,
    decision: Decision,
  ): readonly Asked[] {
    const own = ownModes(stage, facts);
    const trail: Asked[] = [];
    for (const { name, mode, methods, rule } of this.#asked[stage]) {
      if ((own?.[name] ?? mode) === 'off' || !concerns(methods, facts)) continue;
      if (name === decision.rule && decision.fault !== undefined) {
        trail.push({ rule: name, says: 'refuse', saw: 'something that it failed at' });
        break;
      }
      const { saw, setting = [sectionOf[stage], name], flip } = rule.explain(facts, counters);
      if (name === decision.rule) {
        trail.push({ rule: name, says: 'refuse', saw, setting, ...(flip && { flip }) });
        break;
      }
      const shadow = decision.shadows.find((one) => one.rule === name);
      const says =
        shadow === undefined ? 'pass' : shadow.exception === undefined ? 'shadow' : 'excepted';
      trail.push({ rule: name, says, saw });
    }
    return trail;
  }

  /**
   * Every rule of the stage in order, and what each says of these facts: also those that are off, and those that come
   * after the one that decides. The counters given must not count along.
   */
  explain<S extends Stage>(stage: S, facts: StageFacts[S], counters: Counters): readonly Step[] {
    if (isSpared(stage, facts)) return [];
    const own = ownModes(stage, facts);
    const asked = this.#asked[stage].filter(({ methods }) => concerns(methods, facts));
    return asked.map(({ name, mode, rule }) => {
      const effective = own?.[name] ?? mode;
      const judged = rule.judge(facts, counters);
      const passes = judged.kind === 'pass' || judged.kind === 'adjust';
      const verdict = passes ? judged : this.#said(judged, facts);
      const { saw, setting = [sectionOf[stage], name], flip } = rule.explain(facts, counters);
      const exception = passes ? undefined : this.#exceptions.find(name, facts);
      return { rule: name, mode: effective, verdict, saw, setting, flip, exception };
    });
  }
}

/** What is asked of strangers only: who is trusted may do as he likes (N1). */
const ofStrangers: ReadonlySet<Stage> = new Set(['packet', 'broken', 'network']);

function isSpared<S extends Stage>(stage: S, facts: StageFacts[S]): boolean {
  const { source } = facts;
  const free = source.tier === 'trusted' || source.spared === true;
  return (ofStrangers.has(stage) && free) || isUntouchable(facts);
}

/** O11: nothing stands in the way of an emergency call. */
function isUntouchable(facts: StageFacts[Stage]): boolean {
  return 'emergency' in facts && facts.emergency;
}

/** Whether a stage is of requests that open something, most of them calls. */
const isOfCalls: { readonly [S in Stage]: boolean } = {
  packet: false,
  broken: false,
  network: false,
  registration: false,
  outbound: true,
  inbound: true,
};
const onlyCalls = ['INVITE'] as const;

const concerns = (methods: readonly string[] | 'all', facts: StageFacts[Stage]): boolean =>
  methods === 'all' || !('method' in facts) || methods.includes(facts.method);

/**
 * What an extension or its groups say of single rules. Not of those of the network: there anybody can say that he is
 * an extension for which they are off.
 */
const ownModes = (
  stage: Stage,
  facts: StageFacts[Stage],
): RequestFacts['profile']['rules'] | undefined =>
  stage !== 'network' && 'profile' in facts ? facts.profile.rules : undefined;
