import type { LogLevel, Settings } from '../config/settings.ts';
import type { AnsweredLive } from '../edge/ask-live.ts';
import type { BindingRow, RegistrationsStore } from '../edge/registrations-store.ts';
import type { EndReason, Listener } from '../edge/signaling.ts';
import type { Inheritance, InheritedSocket } from '../engine/hand-over/inheritance.ts';
import type { BlockEntry, BlockOrder, FoundBlock } from '../limits/block-entry.ts';
import type { Guard, GuardOrder } from '../limits/guards.ts';
import type { ListedNetworks } from '../limits/listed-networks.ts';
import type { Question } from '../policy/asking/question.ts';
import type { BlockChanges } from './block-changes.ts';
import type { GateEvents } from './gate-events.ts';
import type { GateStats } from './gate-stats.ts';
import type { GateStatus, GuardedExtensions } from './gate-status.ts';
import type { GuardChanges } from './guard-changes.ts';
import type {
  BlockOutcome,
  ClusterNode,
  EnforcementBatch,
  FoundBlocks,
  GuardOutcome,
  PbxEvent,
  RefusedElsewhere,
  Told,
} from './messages.ts';
import type { Sharing } from './sharing.ts';
import type { Part } from './told-in-parts.ts';

/** The engine and the edge, put together and running: what the worker drives. */
export interface Gate {
  /** What is really bound. */
  readonly listeners: readonly Listener[];
  reload(settings: Settings): void;
  /** New calls are refused from now on. */
  drain(): void;
  liveCalls(): number;
  /** What a gate that takes our place would inherit; undefined where another program holds the sockets, or programs are served. */
  descriptors(): readonly InheritedSocket[] | undefined;
  /** See `EngineServing`. */
  handOver(link: string, lost: () => void): Promise<Uint8Array>;
  registeredLate(row: BindingRow): void;
  /** Begins to take the other's place. */
  succeed(): Promise<void>;
  /** The other is not done yet. */
  inherits(): boolean;
  /** Ends connections that nobody needs here: the other gate is there for them. Says how many calls and connections are left. */
  letGo(): number;
  /** Ends one call by its id or Call-ID, or all when undefined; says how many. */
  hangup(call: string | undefined, reason: EndReason): Promise<number>;
  /** Blocks in which that text or address is found: so many of them, those that were not told before the latest first. */
  blocks(
    search: string,
    rows: number,
    tell: (part: readonly FoundBlock[]) => void,
  ): Promise<FoundBlocks>;
  block(order: BlockOrder): BlockOutcome;
  /** The block that was there. */
  unblock(network: string): BlockEntry | undefined;
  guards(rows: number): GuardedExtensions;
  guard(order: GuardOrder): GuardOutcome;
  /** The guard that was there. What made a rule raise it is forgotten. */
  unguard(extension: string): Guard | undefined;
  /** Other nodes did this. */
  told(told: Told): void;
  /** The other nodes are these from now on. */
  followNodes(nodes: readonly ClusterNode[]): void;
  /** All that other nodes should know is told anew. */
  tellAll(): void;
  /** From now on lists name these. */
  takeListed(listed: ListedNetworks): void;
  /** How often blocked sources came is kept too: by this, now. */
  saveBlocksSeen(): void;
  /** Whether whoever refuses packets before they reach us is to be told whom to refuse. */
  enforce(wanted: boolean): void;
  /** The batch of that number is in force. */
  enforced(batch: number): void;
  refusedElsewhere(refused: readonly RefusedElsewhere[]): void;
  /** What would become of such a request now. */
  explain(question: Question, at: number): AnsweredLive;
  /** With so many rows of each kind at most, and so many registrations and calls where those are fewer. */
  status(rows: number, ofMany?: number): GateStatus;
  /** Tells so many of the registrations, the calls and what they count under at most, a few in each turn. */
  tellRows(most: number, tell: (part: Part) => void): Promise<void>;
  stats(): GateStats;
  close(): Promise<void>;
}

export interface GateOptions {
  readonly settings: Settings;
  /** 32 bytes that authenticate flow tokens. */
  readonly tokenKey: Buffer;
  /** 32 bytes that the PINs' hashes are made with. */
  readonly pinKey: Uint8Array;
  /** As kept from the last run; none has expired yet. */
  readonly registrations: readonly BindingRow[];
  readonly store: RegistrationsStore;
  /** As kept from the last run. */
  readonly blocks: readonly BlockEntry[];
  readonly blocksStore: Pick<BlockChanges, 'changed' | 'seen'>;
  /** As kept from the last run. */
  readonly guards: readonly Guard[];
  readonly guardsStore: Pick<GuardChanges, 'changed'>;
  /** Undefined when this node is alone. */
  readonly sharing?: Sharing | undefined;
  readonly enforcement: (batch: EnforcementBatch) => void;
  /** Where the place of another gate is taken. */
  readonly inheritance?: Inheritance | undefined;
  readonly log: Log;
  event(event: PbxEvent): void;
  /** What happened, for the record. */
  readonly events: GateEvents;
}

/** One line per decision that matters; never waits. Fields hold no secrets. */
export type Log = (
  level: LogLevel,
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

/** Opens the listeners and serves. Rejects, with a message for the operator, when it cannot. */
export type CreateGate = (options: GateOptions) => Promise<Gate>;
