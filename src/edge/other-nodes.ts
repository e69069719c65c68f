import type { FailureKind } from '../policy/failure-kinds.ts';
import type { BindingRow } from './registrations-store.ts';

/** What a call asks for under a key that has a limit on all nodes together. */
export interface AskedPlace {
  readonly key: string;
  /** Live calls here, this one included. */
  readonly calls: number;
  readonly most: number;
}

/** How many calls the other nodes have under each key; undefined when they did not say so in time. */
export type HeldByOthers = ReadonlyMap<string, number> | undefined;

/** Something that counts on all nodes, wherever it happened. */
export type Note =
  | {
      readonly kind: 'failed';
      readonly extension: string;
      readonly source: string;
      readonly failure: FailureKind;
      readonly at: number;
    }
  /** `key` is as the rule asks for it. */
  | { readonly kind: 'pin-failed'; readonly key: string; readonly at: number }
  | {
      readonly kind: 'succeeded';
      readonly extension: string;
      readonly source: string;
      readonly at: number;
    }
  /** A call was let through. */
  | { readonly kind: 'call'; readonly keys: readonly string[]; readonly at: number };

/** The other nodes of the gate, as far as a call concerns them. Whoever is alone has none. */
export interface OtherNodes {
  /** They cannot be asked for now. */
  readonly alone: boolean;
  /** Takes places where there is room on all nodes together; `done` is told in time, whether or not anybody answers. */
  ask(places: readonly AskedPlace[], done: (held: HeldByOthers) => void): void;
  /** So many calls are live here under that key. */
  liveChanged(key: string, calls: number): void;
  /** A phone registered here, or elsewhere than it was. Never waits, like the disk. */
  saved(row: BindingRow): void;
  removed(row: BindingRow): void;
  /** Where calls for the phones of that node go; undefined when it gives no sign of life. */
  uriOf(gate: string): string | undefined;
  /** Must be quick: in an attack there are many. */
  note(note: Note): void;
}
