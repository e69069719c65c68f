import type { Settings } from '../config/settings.ts';
import type { ProcessStatus } from '../control/control-messages.ts';

export type FindingLevel = 'ok' | 'warn' | 'bad';

/** What was looked at, what was seen, and what to do about it. */
export interface Finding {
  readonly about: string;
  readonly level: FindingLevel;
  readonly saw: string;
  readonly todo?: string;
}

/** What checks look at: the settings, the gate if it runs, and this machine. */
export interface Examined {
  readonly settings: Settings;
  /** Undefined when it does not run, or cannot be asked. */
  readonly status: ProcessStatus | undefined;
  /** Why it cannot be asked, where one runs all the same. */
  readonly unasked?: string | undefined;
  /** Where `/proc` and `/etc` are. */
  readonly root: string;
}

export type Check = (examined: Examined) => readonly Finding[] | Promise<readonly Finding[]>;

/** Findings about one thing. */
export const about = (thing: string) => ({
  ok: (saw: string, todo?: string): Finding => made(thing, 'ok', saw, todo),
  warn: (saw: string, todo: string): Finding => made(thing, 'warn', saw, todo),
  bad: (saw: string, todo: string): Finding => made(thing, 'bad', saw, todo),
});

const made = (thing: string, level: FindingLevel, saw: string, todo?: string): Finding => ({
  about: thing,
  level,
  saw,
  ...(todo !== undefined && { todo }),
});
