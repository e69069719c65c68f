import { FailureCounts } from '../limits/failure-counts.ts';
import { SpreadSketch } from '../limits/spread-sketch.ts';
import { type FailureKind, failureKinds } from '../policy/failure-kinds.ts';
import { guessersOf } from '../policy/rules/registration/distributed-guessing.ts';
import { guessedBy } from '../policy/rules/registration/spread-guessing.ts';
import { ChallengeMarks } from './challenge-marks.ts';

const MOST_KEYS = 32_768;
const MOST_SPREADS = 4096;
const KEEP_MS = 86_400_000;
/** As many as the options of `lockout` can ask for. */
const REMEMBER = 100;

/** Who failed to register where, of late. Bounded, whatever strangers send. */
export class Guesses {
  readonly marks = new ChallengeMarks();
  readonly #failures = new FailureCounts<FailureKind>(failureKinds, {
    mostKeys: MOST_KEYS,
    keepMs: KEEP_MS,
    remember: REMEMBER,
  });
  readonly #spread = new SpreadSketch(MOST_SPREADS);

  failed(extension: string, source: string, kind: FailureKind, now: number): void {
    this.#failures.note(source, kind, now);
    this.#failures.note(`${extension}|${source}`, kind, now);
    this.#spread.add(guessedBy(source), extension, now);
    this.#spread.add(guessersOf(extension), source, now);
  }

  /** A wrong PIN; `key` is as the rule asks for it. */
  pinFailed(key: string, now: number): void {
    this.#failures.note(key, 'pin-wrong', now);
  }

  /** The right password: what was mistyped before is forgotten. */
  succeeded(extension: string, source: string): void {
    this.#failures.clear(`${extension}|${source}`);
  }

  failures(key: string, seconds: number, now: number, kind?: FailureKind): number {
    return this.#failures.count(key, seconds * 1000, now, kind === undefined ? undefined : [kind]);
  }

  distinct(key: string, seconds: number, now: number): number {
    return this.#spread.distinct(key, seconds * 1000, now);
  }
}
