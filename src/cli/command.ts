import type { ParseArgsOptionDescriptor } from 'node:util';
import type { SettingsFlags } from '../config/overrides.ts';

/** `0` done, `1` a problem, `2` not understood. */
export type ExitCode = 0 | 1 | 2;

export interface Flag extends ParseArgsOptionDescriptor {
  /** What stands for its value in the help: `DIR`. Undefined: it takes none. */
  readonly value?: string;
  readonly help: string;
}

export type Flags = Readonly<Record<string, Flag>>;

/** What was given: flags by name, and the rest in order. */
export interface Given {
  readonly flags: Readonly<Record<string, string | boolean | readonly string[]>>;
  readonly rest: readonly string[];
  /** In place of those that the flags say. */
  readonly settings?: SettingsFlags;
}

/** What a flag that takes one value was given. */
export function flagText({ flags }: Given, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** One word of the command line. Each has a file of its own. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What may follow the flags: `<call-id>`. */
  readonly operands?: string;
  /** How many operands it takes at most. */
  readonly mostOperands: number;
  readonly flags: Flags;
  /** It reads settings: those of the gate that runs, unless it is told of others. */
  readonly asTheGateRuns?: true;
  /** It changes settings, given this: it may not guess whose. */
  readonly writes?: (given: Given) => boolean;
  /** What follows the flags are files. */
  readonly operandsAreFiles?: true;
  /** More for `--help`. */
  readonly details?: string;
  run(given: Given): Promise<ExitCode>;
}
