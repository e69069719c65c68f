import type { LogLevel, Settings } from '../config/settings.ts';
import type { AnsweredLive } from '../edge/ask-live.ts';
import type { AskedPlace, HeldByOthers, Note } from '../edge/other-nodes.ts';
import type { BindingKey, BindingRow, HeldBinding } from '../edge/registrations-store.ts';
import type { EndReason, Listener } from '../edge/signaling.ts';
import type { Inheritance, InheritedSocket } from '../engine/hand-over/inheritance.ts';
import type { BlockEntry, BlockOrder, FoundBlock } from '../limits/block-entry.ts';
import type { Guard, GuardOrder } from '../limits/guards.ts';
import type { Question as Asked } from '../policy/asking/question.ts';
import type { Mode } from '../policy/rule.ts';
import type { Batch } from './changes.ts';
import type { DataPlaneStats } from './gate-stats.ts';
import type { GateStatus, GuardedExtensions } from './gate-status.ts';
import type { SlicedLists } from './sliced-lists.ts';
import type { SlicedSettings } from './sliced-settings.ts';
import type { Part } from './told-in-parts.ts';
import type { PackedEvents } from './written-event.ts';

export type { Inheritance, InheritedSocket };

/** What the data plane begins with. */
export interface DataPlaneInput {
  readonly settings: Settings;
  /** 32 bytes that authenticate flow tokens. */
  readonly tokenKey: Uint8Array;
  /** 32 bytes that the PINs' hashes are made with. */
  readonly pinKey: Uint8Array;
  readonly registrations: readonly BindingRow[];
  readonly blocks: readonly BlockEntry[];
  readonly guards: readonly Guard[];
  /** As kept from the last run. */
  readonly lists: SlicedLists;
  /** Where the place of another gate is taken. */
  readonly inheritance?: Inheritance | undefined;
}

/** What the control plane tells the data plane. */
export type ToDataPlane =
  | ({ readonly type: 'start' } & DataPlaneInput)
  | ({ readonly type: 'reload' } & SlicedSettings)
  /** Other nodes did this. */
  | ({ readonly type: 'told' } & Told)
  /** Who the other nodes are; whether they cannot be asked. */
  | { readonly type: 'others'; readonly alone: boolean; readonly nodes: readonly ClusterNode[] }
  /** What they hold under the keys that were asked for; undefined: they do not say. */
  | { readonly type: 'answered'; readonly ask: number; readonly held: HeldByOthers }
  /** All that the others should know is to be told anew. */
  | { readonly type: 'tell-all' }
  /** The others know the batch of that number; the next may come. */
  | { readonly type: 'taken'; readonly kind: SharedBatch['kind']; readonly batch: number }
  /** What lists name from now on; all of them, in place of those before. `listed` comes back. */
  | ({ readonly type: 'lists' } & SlicedLists)
  /** No new calls from now on; `drained` comes back when the last live one is over. */
  | { readonly type: 'drain' }
  /**
   * What is new goes to the gate that takes our place from now on, by way of this Unix socket. `handed-over` comes back
   * when all that was known is on disk, `drained` when what is here is over.
   */
  | { readonly type: 'hand-over'; readonly link: string }
  | { readonly type: 'stop' }
  /** The batch of that number is on disk, or will never be; the next may come. */
  | { readonly type: 'stored'; readonly kept: Kept; readonly batch: number }
  /** Whether `enforcement` is to come: all there is, then what changes. */
  | { readonly type: 'enforce'; readonly wanted: boolean }
  /** The batch of that number is in force; the next may come. */
  | { readonly type: 'enforced'; readonly batch: number }
  /** So often more each came, and was refused before it reached us. */
  | { readonly type: 'refused'; readonly refused: readonly RefusedElsewhere[] }
  | { readonly type: 'query'; readonly query: number; readonly question: Question };

export type Question =
  /** At most `rows` registrations and calls are listed; both are counted whole. */
  | { readonly about: 'status'; readonly rows: number }
  | { readonly about: 'explain'; readonly question: Asked; readonly at: number }
  /** Blocks in which that text or address is found, the latest first: so many of them. */
  | { readonly about: 'blocks'; readonly search: string; readonly rows: number }
  | { readonly about: 'block'; readonly order: BlockOrder }
  | { readonly about: 'unblock'; readonly network: string }
  /** So many of them, the latest first. */
  | { readonly about: 'guards'; readonly rows: number }
  | { readonly about: 'guard'; readonly order: GuardOrder }
  | { readonly about: 'unguard'; readonly extension: string }
  /** Ends a call by its id or its Call-ID; every call when `call` is undefined. Answers how many. */
  | { readonly about: 'hangup'; readonly call: string | undefined; readonly reason: EndReason }
  | { readonly about: 'sockets' };

/** What the data plane tells the control plane. */
export type FromDataPlane =
  | { readonly type: 'started'; readonly listeners: readonly Listener[] }
  | { readonly type: 'failed'; readonly problem: string }
  | { readonly type: 'log'; readonly lines: readonly LogLine[]; readonly lost: number }
  | { readonly type: 'stats'; readonly stats: DataPlaneStats }
  | ({ readonly type: 'bindings' } & BindingBatch)
  | ({ readonly type: 'blocks' } & BlockBatch)
  | ({ readonly type: 'guards' } & GuardBatch)
  | { readonly type: 'share'; readonly batch: SharedBatch }
  /** So many calls are live under these keys now. */
  | { readonly type: 'live'; readonly counts: LiveCounts }
  | { readonly type: 'ask'; readonly ask: number; readonly places: readonly AskedPlace[] }
  | { readonly type: 'notes'; readonly notes: readonly Note[] }
  | ({ readonly type: 'enforcement' } & EnforcementBatch)
  | { readonly type: 'event'; readonly event: PbxEvent }
  | { readonly type: 'events'; readonly events: PackedEvents; readonly lost: number }
  | { readonly type: 'found'; readonly query: number; readonly part: Part }
  | { readonly type: 'answer'; readonly query: number; readonly answer: Answer }
  /** What was sent with the last `reload` holds. */
  | { readonly type: 'reloaded' }
  /** What was sent with the last `lists` holds. */
  | { readonly type: 'listed' }
  | { readonly type: 'drained' }
  /** `boot` marks the tokens of our connections. */
  | { readonly type: 'handed-over'; readonly boot: Uint8Array }
  | { readonly type: 'stopped' };

export type BindingBatch = Batch<BindingRow, BindingKey>;
/** Blocks are deleted by their network. */
export type BlockBatch = Batch<BlockEntry, string>;
/** Guards are deleted by their extension. */
export type GuardBatch = Batch<Guard, string>;
/** A guard that somebody lifted. */
export interface Unguarded {
  readonly extension: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}
/** A block that was taken off the list. */
export interface Lifted {
  readonly network: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A registered contact that was taken back, or that the PBX dropped. */
export interface Gone {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What the other nodes are to know, each kind in batches of its own. */
export type SharedBatch =
  | ({ readonly kind: 'blocks' } & Batch<BlockEntry, Lifted>)
  | ({ readonly kind: 'bindings' } & Batch<BindingRow, Gone>)
  | ({ readonly kind: 'guards' } & Batch<Guard, Unguarded>);

export type LiveCounts = readonly (readonly [key: string, calls: number])[];

/** What other nodes did. */
export type Told =
  | {
      readonly what: 'blocks';
      readonly blocks: readonly BlockEntry[];
      readonly lifted: readonly Lifted[];
    }
  /** `gate` is empty for what this node held itself before it lost it. */
  | {
      readonly what: 'bindings';
      readonly bindings: readonly HeldBinding[];
      readonly gone: readonly Gone[];
    }
  | {
      readonly what: 'guards';
      readonly guards: readonly Guard[];
      readonly lifted: readonly Unguarded[];
    }
  | { readonly what: 'notes'; readonly notes: readonly Note[] };

/** Another node that is alive. */
export interface ClusterNode {
  readonly name: string;
  /** Where it is reached; undefined where it has no place for that. */
  readonly uri: string | undefined;
}

/** What is kept on disk, each in batches of its own. */
export type Kept = 'bindings' | 'blocks' | 'guards';

/** Milliseconds since 1970; `undefined`: for good; 0: not any more. */
export type Until = number | undefined;

/** For whoever refuses packets before they reach us. */
export interface EnforcementBatch {
  readonly batch: number;
  /** Whatever was told before counts no longer. */
  readonly fresh: boolean;
  /** With it all is told that there was at the beginning. */
  readonly complete: boolean;
  /** The addresses and networks of PBX and trunks, when they are others than before. */
  readonly trusted?: readonly string[];
  readonly blocks: readonly EnforcedBlock[];
  /** Where phones are registered from, or were of late. */
  readonly familiar: readonly FamiliarNetwork[];
  readonly passes: readonly EmergencyPass[];
}

export interface EnforcedBlock {
  readonly network: string;
  /** Does not count for familiar sources. */
  readonly forgeable: boolean;
  readonly until: Until;
}

export interface FamiliarNetwork {
  readonly network: string;
  readonly until: Until;
}

/** An emergency call was let in from there: whatever else it sends belongs to it. */
export interface EmergencyPass {
  readonly address: string;
  readonly port: number;
  readonly until: number;
}

export interface RefusedElsewhere {
  readonly network: string;
  readonly packets: number;
}

export type Answer =
  | { readonly about: 'status'; readonly status: GateStatus }
  | { readonly about: 'explain'; readonly answered: AnsweredLive }
  | { readonly about: 'blocks'; readonly found: FoundBlocks }
  | { readonly about: 'block'; readonly blocked: BlockOutcome }
  | { readonly about: 'unblock'; readonly lifted: BlockEntry | undefined }
  | { readonly about: 'guards'; readonly guarded: GuardedExtensions }
  | { readonly about: 'guard'; readonly outcome: GuardOutcome }
  | { readonly about: 'unguard'; readonly lifted: Guard | undefined }
  | { readonly about: 'hangup'; readonly ended: number }
  | { readonly about: 'sockets'; readonly sockets: OfferedSockets };

/** What a gate that takes our place would inherit, or why none can: another program's, or those of a gate before us. */
export type OfferedSockets = readonly InheritedSocket[] | 'not ours' | 'not yet ours';

export interface FoundBlocks {
  /** All there are, without those that only a list names. */
  readonly count: number;
  /** Those. They are found when they came, or by their address. */
  readonly listed: number;
  readonly found: number;
  readonly rows: readonly FoundBlock[];
}

/** What became of the wish to guard an extension. */
export interface GuardOutcome {
  readonly mode: Mode;
  /** Undefined where there is no room for it. */
  readonly guard: Guard | undefined;
}

/** What became of the wish to block somebody. */
export type BlockOutcome =
  | { readonly kind: 'blocked'; readonly entry: BlockEntry }
  /** It is trusted: a block would have no effect. */
  | { readonly kind: 'trusted'; readonly why: string }
  | { readonly kind: 'full' };

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What the control plane acts on, besides logging it. */
export type PbxEvent =
  | {
      readonly kind: 'pbx-up';
      readonly node: string;
      readonly uri: string;
      readonly latencyMs: number;
    }
  | {
      readonly kind: 'pbx-down';
      readonly node: string;
      readonly uri: string;
      readonly why: string;
    };
