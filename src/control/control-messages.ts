import type { OfTheGate, SettingsFlags } from '../config/overrides.ts';
import type { Directories } from '../config/read-folders.ts';
import type { GateStatus } from '../data/gate-status.ts';
import type { Question } from '../policy/asking/question.ts';
import type { Exception } from '../policy/exceptions.ts';
import type { ShadowTotal } from './events/events-database.ts';
import type { KernelStatus } from './kernel/kernel-status.ts';
import type { ListStatus } from './lists/lists.ts';
import type { ContactStatus } from './notify/contact.ts';
import type { ClusterStatus } from './shared/shared-state.ts';

/** The longest that a block or a guard may be said to last: ten years. What is to last longer is for good. */
export const MOST_SECONDS = 315_360_000;
/** How long the reason that is given for one may be, in characters. */
export const LONGEST_WHY = 200;

/**
 * What the command line asks of a running gate: one JSON object per line. The two may be of different versions, since a
 * new one is installed before it takes over: a field that is added to an answer is optional for one version, so that
 * whoever reads it minds that the gate of the version before says nothing of it.
 */
export type ControlRequest =
  | { readonly command: 'status'; readonly rows: number }
  | { readonly command: 'hangup'; readonly call?: string }
  /** Answered by `FoundBlocks`. */
  | { readonly command: 'blocks'; readonly search: string; readonly rows: number }
  /** For good without seconds. Answered by a `BlockOutcome`. */
  | {
      readonly command: 'block';
      readonly network: string;
      readonly seconds: number | null;
      readonly why: string;
    }
  /** Answered by `{ lifted }`, the block that was there or null. */
  | { readonly command: 'unblock'; readonly network: string }
  /** Answered by `GuardedExtensions`. */
  | { readonly command: 'guards'; readonly rows: number }
  /** Until it is lifted without seconds. Answered by a `GuardOutcome`. */
  | {
      readonly command: 'guard';
      readonly extension: string;
      readonly seconds: number | null;
      readonly why: string;
    }
  /** Answered by `{ lifted }`, the guard that was there or null. */
  | { readonly command: 'unguard'; readonly extension: string }
  /** Starts this program, which takes our place. Answered by `{ process }`, its id. */
  | { readonly command: 'hand-over'; readonly program: readonly string[] }
  /** Answered by a list of `ListStatus`. */
  | { readonly command: 'lists' }
  /** Reads them now, or the one of that name. Answered by their `ListStatus`, or null where there is none. */
  | { readonly command: 'refresh-lists'; readonly name?: string }
  /** Answered by a list of `ContactStatus`. */
  | { readonly command: 'contacts' }
  /** Sends this contact a message. Answered by a `TestOutcome`. */
  | { readonly command: 'test-contact'; readonly name: string }
  /** Answered by `StartedWith`. */
  | { readonly command: 'started-with' }
  /** Answered by an `AnsweredLive`. */
  | { readonly command: 'explain'; readonly question: Question }
  /** Answered by a `ReloadOutcome`. */
  | {
      readonly command: 'reload';
      readonly force: boolean;
      readonly operators: readonly string[];
    };

/** What it gets back: one JSON object, on one line. */
export type ControlReply<T = unknown> =
  | { readonly ok: true; readonly result: T }
  | { readonly ok: false; readonly error: string };

/** The flags that it was started with, and the folder that their paths begin at. */
export interface StartedWith {
  readonly flags: SettingsFlags;
  readonly folder: string;
  readonly found?: Required<OfTheGate> & {
    /** Whole paths. */
    readonly directories: Directories;
  };
}

/** The answer to `status`. */
export interface ProcessStatus extends GateStatus {
  readonly version: string;
  readonly process: number;
  /** How it hands over. Undefined in versions before that had a number. */
  readonly handsOver?: number | undefined;
  readonly startedAt: number;
  readonly dataDirectory: string;
  readonly metrics: string;
  readonly kernel: KernelStatus;
  readonly ready: readonly string[];
  /** Undefined when this node is alone. */
  readonly cluster?: ClusterStatus | undefined;
  readonly lists: readonly ListStatus[];
  /** Who is told of what happens. */
  readonly contacts: readonly ContactStatus[];
  /** Writes that failed, and events that are on no disk, since the start. */
  readonly disk?: { readonly errors: number; readonly lostEvents: number };
  /** Those in force. */
  readonly exceptions: readonly Exception[];
  /** Of the rules that are in shadow for anybody. */
  readonly shadows: readonly ShadowTotal[];
}
