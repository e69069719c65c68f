import { FailureCounts } from '../limits/failure-counts.ts';
import { canBeGuarded } from '../limits/guards.ts';
import { SpreadSketch } from '../limits/spread-sketch.ts';
import type { CallFacts } from '../policy/facts.ts';
import { type FailureKind, failureKinds, MOST_REMEMBERED } from '../policy/failure-kinds.ts';
import type { PolicySettings } from '../policy/policy-settings.ts';
import { diallersOf, spellingsOf } from '../policy/rules/outbound/rotating-prefixes.ts';
import { pinFailuresOf } from '../policy/rules/outbound/route-pin.ts';
import { everybody, guessersOf } from '../policy/rules/registration/distributed-guessing.ts';
import { type LockoutLimits, lockout } from '../policy/rules/registration/lockout.ts';
import { guessedBy, spreadGuessing } from '../policy/rules/registration/spread-guessing.ts';
import { settingsOf } from '../policy/settings-of.ts';
import { type SpreadLimits, spreadWindows } from '../policy/spread-windows.ts';
import { wholeNetworkOf } from '../policy/whole-network.ts';
import { ChallengeMarks } from './challenge-marks.ts';
import type { Note, OtherNodes } from './other-nodes.ts';
import { PasswordsUnderWay } from './passwords-under-way.ts';

const MOST_KEYS = 32_768;
const MOST_SPREADS = 4096;
const MOST_TAILS = 1024;
const KEEP_MS = 86_400_000;
/** So many passwords of one source are tried at once at extensions that were never registered from there. */
const MOST_NEW_AT_ONCE = 20;

/** Who failed to register where, of late. Bounded, whatever strangers send. */
export class Guesses {
  readonly marks: ChallengeMarks;
  readonly #failures = new FailureCounts<FailureKind>(failureKinds, {
    mostKeys: MOST_KEYS,
    keepMs: KEEP_MS,
    remember: MOST_REMEMBERED,
  });
  readonly #spread = new SpreadSketch(MOST_SPREADS);
  /** Of numbers that were dialled. Strangers can dial any: it takes nothing from what is known of failures. */
  readonly #dialled = new SpreadSketch(MOST_TAILS);

  readonly #underWay = new PasswordsUnderWay((key, underWay) => {
    if (isOfGuesser(key)) return this.#isSpread(key, underWay);
    const { failures, seconds } = this.#lockout;
    const failed = this.#failures.count(key, seconds * 1000, Date.now());
    return failed < failures && failed + underWay >= failures;
  });

  readonly #others: Pick<OtherNodes, 'note'> | undefined;
  #lockout: LockoutLimits = lockout.options.parse({});
  #spreading: SpreadLimits = spreadGuessing.options.parse({});

  constructor(others?: Pick<OtherNodes, 'note'>, marks = new ChallengeMarks()) {
    this.#others = others;
    this.marks = marks;
  }

  /** From now on a network is counted by these limits. */
  reload(policy: PolicySettings): void {
    this.#lockout = settingsOf(policy, lockout);
    this.#spreading = settingsOf(policy, spreadGuessing);
  }

  /**
   * The PBX is asked about a password: until it has answered, and what this returns was called, that counts as a failure.
   * Else whoever sends a thousand at once would have all of them tried before the first has failed.
   */
  trying(extension: string, source: string, isNew = false): () => void {
    const keys = heldBy(source).map((from) => `${extension}|${from}`);
    return this.#underWay.begin(isNew ? [...keys, guessedBy(source)] : keys);
  }

  /**
   * Is there room for a password there when some of those under way turn out right? Then `go` is called when one is
   * answered: a PBX that makes twenty calls at once, and not by the flow it registered by, has not failed at any.
   */
  waits(extension: string, source: string, go: () => void): boolean {
    return this.#underWay.waits(`${extension}|${source}`, go);
  }

  /**
   * Is the PBX asked about so many passwords of that source, at extensions that are new there, that one more has to wait?
   * One password is tried at a thousand extensions before the first of them has failed, else. Phones that come back to
   * where they were, all at once after an outage, are not new; an office that moves comes in twenties.
   */
  triesManyNew(source: string): boolean {
    return this.#underWay.isFull(guessedBy(source));
  }

  /** Then `go` is called when one of them is answered; false, when too many wait. */
  waitsAmongNew(source: string, go: () => void): boolean {
    return this.#underWay.waits(guessedBy(source), go);
  }

  /** Does nothing come of waiting but that others do? */
  get isCrowded(): boolean {
    return this.#underWay.isCrowded;
  }

  /** Those that `spread-guessing` would refuse by what has failed do not wait, and are refused. */
  #isSpread(key: string, underWay: number): boolean {
    const { tenMinutes } = this.#spreading;
    const failed = this.distinct(key, spreadWindows.tenMinutes, Date.now());
    return failed < tenMinutes && failed + underWay >= Math.max(tenMinutes, MOST_NEW_AT_ONCE);
  }

  failed(extension: string, source: string, failure: FailureKind, at: number): void {
    this.#tell({ kind: 'failed', extension, source, failure, at });
  }

  /** A wrong PIN. */
  pinFailed(facts: CallFacts): void {
    for (const key of pinFailuresOf(facts)) this.#tell({ kind: 'pin-failed', key, at: facts.at });
  }

  /** The right password: what was mistyped before is forgotten. */
  succeeded(extension: string, source: string): void {
    // most have failed at nothing, and there is nothing to tell
    const key = `${extension}|${source}`;
    if (this.#failures.last(key) === undefined) return;
    this.#tell({ kind: 'succeeded', extension, source, at: Date.now() });
  }

  /** The same happened on another node. */
  heard(note: Exclude<Note, { kind: 'call' }>): void {
    switch (note.kind) {
      case 'failed':
        this.#failed(note.extension, note.source, note.failure, note.at);
        return;
      case 'pin-failed':
        this.#failures.note(note.key, 'pin-wrong', note.at);
        return;
      case 'succeeded':
        for (const from of heldBy(note.source)) this.#failures.clear(`${note.extension}|${from}`);
        return;
    }
  }

  #tell(note: Exclude<Note, { kind: 'call' }>): void {
    this.heard(note);
    this.#others?.note(note);
  }

  #failed(extension: string, source: string, kind: FailureKind, now: number): void {
    this.#failures.note(source, kind, now);
    const network = wholeNetworkOf(source);
    if (network !== source) this.#failedInNetwork(extension, source, network, kind, now);
    this.#failures.note(`${extension}|${source}`, kind, now);
    this.#spread.add(guessedBy(source), extension, now);
    this.tried(extension, source, now);
  }

  /**
   * What one /64 does counts against its /48 until it would be refused for it itself, and not beyond: else it alone,
   * which may be anybody's in a town, could have all others of it refused.
   */
  #failedInNetwork(
    extension: string,
    source: string,
    network: string,
    kind: FailureKind,
    now: number,
  ): void {
    const { failures, seconds } = this.#lockout;
    if (this.#failures.count(`${extension}|${source}`, seconds * 1000, now) < failures)
      this.#failures.note(`${extension}|${network}`, kind, now);
    if (this.distinct(guessedBy(source), spreadWindows.day, now) < this.#spreading.day)
      this.#spread.add(guessedBy(network), extension, now);
  }

  /**
   * Somebody tried who was not let: it counts as one of many, and not as a failure of his. At one extension he is one
   * of them once a day, be it that he failed or that its guard kept him out: new ones hold a guard, and a few that come
   * again and again do not, or eight packets an hour would keep its owner from wherever he travels for as long as
   * somebody likes.
   */
  tried(extension: string, source: string, now: number): void {
    const network = wholeNetworkOf(source);
    if (canBeGuarded(extension)) this.#spread.addOnceADay(guessersOf(extension), network, now);
    this.#spread.add(everybody, network, now);
  }

  /**
   * Is whoever says that he is the device registered there let through though the extension is locked for his source?
   * As many times again as lock it: who is the device has the right password.
   */
  believes(extension: string, source: string, now: number): boolean {
    const { failures, seconds } = this.#lockout;
    const most = Math.min(2 * failures, MOST_REMEMBERED);
    return this.failures(`${extension}|${source}`, seconds, now) < most;
  }

  /** The PBX refused credentials that came from where the extension is registered, and that anybody may have written. */
  doubted(extension: string, source: string, at: number): void {
    this.#failures.note(doubtAt(extension, source), 'password-wrong', at);
  }

  /**
   * Are credentials that prove nothing taken there? Of the device's own few are wrong; a forger could try them all day.
   */
  takesUnproven(extension: string, source: string, now: number): boolean {
    const { failures, seconds } = this.#lockout;
    return this.failures(doubtAt(extension, source), seconds, now, 'password-wrong') < failures;
  }

  /** Somebody dialled a number that ends so. */
  dialled(tail: string, number: string, source: string, now: number): void {
    this.#dialled.add(spellingsOf(tail), number, now);
    this.#dialled.add(diallersOf(tail), source, now);
  }

  /** What many did at the extension is forgotten. */
  forgive(extension: string): void {
    this.#spread.forget(guessersOf(extension));
  }

  failures(key: string, seconds: number, now: number, kind?: FailureKind): number {
    if (kind !== undefined) return this.#failures.count(key, seconds * 1000, now, [kind]);
    const failed = this.#failures.count(key, seconds * 1000, now);
    return failed + this.#underWay.count(key);
  }

  distinct(key: string, seconds: number, now: number): number {
    const sketch = isOfNumbers(key) ? this.#dialled : this.#spread;
    return sketch.distinct(key, seconds * 1000, now);
  }
}

const doubtAt = (extension: string, source: string): string => `unproven ${extension}|${source}`;

/** Against whom a failure is held: the source, and in IPv6 what that is a part of. */
function heldBy(source: string): readonly string[] {
  const network = wholeNetworkOf(source);
  return network === source ? [source] : [source, network];
}

const isOfGuesser = (key: string): boolean => key.startsWith(guessedBy(''));

const ofNumbers = [spellingsOf(''), diallersOf('')];
const isOfNumbers = (key: string): boolean => ofNumbers.some((one) => key.startsWith(one));
