import { type Change, changesBetween } from '../config/changes.ts';
import type { Loaded } from '../config/load.ts';
import { type Problem, showProblem } from '../config/problem.ts';
import { reasonOf } from '../config/reason-of.ts';
import { planReload } from '../config/restart.ts';
import type { Settings } from '../config/settings.ts';
import type { GateEvent } from '../data/event.ts';
import type { Logger } from './log.ts';

/** Who wants the files read anew, and how. */
export interface ReloadAsked {
  readonly by: 'signal' | 'change' | 'command';
  /** Also where it shuts the operator out. */
  readonly force?: boolean;
  /** The addresses of whoever asks. */
  readonly operators?: readonly string[];
}

export type ReloadOutcome =
  | {
      readonly ok: true;
      readonly changed: readonly string[];
      /** What waits for a restart. */
      readonly waiting: readonly string[];
      readonly notices: readonly string[];
      /** When the running settings were read, milliseconds since 1970. */
      readonly readAt: number;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** How often files were read anew since the start, what became of them, and when the last time. */
export class ReloadCounts {
  taken = 0;
  refused = 0;
  /** Milliseconds since 1970; the start took them too. */
  takenAt = Date.now();
  refusedAt: number | undefined;

  count(outcome: 'taken' | 'refused'): void {
    this[outcome]++;
    this[`${outcome}At`] = Date.now();
  }
}

export type Accepted = Extract<Loaded, { ok: true }>;

export interface ReloadOptions {
  readonly running: Pick<Accepted, 'settings' | 'tree'>;
  load(asked: ReloadAsked, running: Settings): Loaded;
  /** Resolves when they hold. */
  apply(settings: Settings): Promise<void>;
  record(event: GateEvent): void;
  readonly counts: ReloadCounts;
  readonly log: Logger;
}

/** A file that is something else altogether has a problem on every line. */
const mostSaid = 50;

/** Reads the settings anew, one time after the other: whole, or not at all. */
export class Reloads {
  readonly #options: ReloadOptions;
  #running: Pick<Accepted, 'settings' | 'tree'>;
  #readAt = Date.now();
  #last: Promise<unknown> = Promise.resolve();
  /** The files were wrong when they were read last. */
  #wrong = false;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#running = options.running;
  }

  get settings(): Settings {
    return this.#running.settings;
  }

  reload(asked: ReloadAsked): Promise<ReloadOutcome> {
    const outcome = this.#last.then(() => this.#reload(asked));
    this.#last = outcome;
    return outcome;
  }

  async #reload(asked: ReloadAsked): Promise<ReloadOutcome> {
    const { log } = this.#options;
    let loaded: Loaded;
    try {
      loaded = this.#options.load(asked, this.settings);
    } catch (error) {
      // A bug in reading a file must not end calls.
      this.#options.counts.count('refused');
      log.error(
        { stack: error instanceof Error ? error.stack : String(error) },
        'reload failed; the settings are as they were',
      );
      return { ok: false, problems: [{ where: 'the gate', text: reasonOf(error) }] };
    }
    this.#options.counts.count(loaded.ok ? 'taken' : 'refused');
    return loaded.ok ? this.#accept(loaded, asked) : this.#refuse(loaded.problems);
  }

  #refuse(problems: readonly Problem[]): ReloadOutcome {
    const { log } = this.#options;
    this.#wrong = true;
    const lines = problems.map(showProblem);
    for (const line of lines.slice(0, mostSaid)) log.error(line);
    log.error({ problems: lines.length }, 'reload refused; the settings are as they were');
    this.#record(
      'warn',
      `refused: ${lines[0]}${lines.length > 1 ? ` (${lines.length} problems)` : ''}`,
    );
    return { ok: false, problems };
  }

  async #accept({ settings, tree, notices }: Accepted, asked: ReloadAsked): Promise<ReloadOutcome> {
    const { log, apply } = this.#options;
    const before = this.#running;
    const plan = planReload(before.settings, settings);
    const reasons = new Map(plan.waiting.map(({ key, why }) => [key, why]));
    const topOf = ({ key }: Change): string => key.split('.')[0] ?? '';
    const all = changesBetween(before.tree, tree);
    const changed = all.filter((one) => !reasons.has(topOf(one))).map(({ text }) => text);
    const waiting = all
      .filter((one) => reasons.has(topOf(one)))
      .map((one) => `${one.text} (needs a restart: ${reasons.get(topOf(one))})`);
    if (changed.length === 0 && plan.changed.length > 0)
      changed.push(...plan.changed.map((key) => `${key}: a file that it names`));

    const held = Object.fromEntries(
      Object.entries(before.tree).filter(([key]) => reasons.has(key)),
    );
    this.#running = { settings: plan.settings, tree: { ...tree, ...held } };
    if (plan.changed.length > 0) {
      await apply(plan.settings);
      this.#readAt = Date.now();
    }

    for (const line of waiting.slice(0, mostSaid)) log.warn(line);
    for (const notice of notices) log.warn(notice);
    const mended = this.#wrong && changed.length === 0;
    this.#wrong = false;
    if (mended) {
      log.info('the files are good again; the settings are as they were');
      this.#record('info', 'the files are good again, nothing has changed');
      return { ok: true, changed, waiting, notices, readAt: this.#readAt };
    }
    // A file that was only touched is no news.
    if (changed.length > 0 || asked.by !== 'change')
      log.info({ changed: shortened(changed) }, 'reloaded');
    if (changed.length > 0) this.#record('info', shortened(changed).join('; '));
    return { ok: true, changed, waiting, notices, readAt: this.#readAt };
  }

  #record(level: GateEvent['level'], text: string): void {
    this.#options.record({ at: Date.now(), level, kind: 'reload', count: 1, text });
  }
}

function shortened(texts: readonly string[]): readonly string[] {
  const more = texts.length - mostSaid;
  return more > 0 ? [...texts.slice(0, mostSaid), `and ${more} more`] : texts;
}
