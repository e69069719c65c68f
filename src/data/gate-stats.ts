import type { AttackKind } from '../edge/attack-watch.ts';
import type { Realm, Transport } from '../edge/signaling.ts';
import type { ProgramCounts } from '../engine/protocol/program-server.ts';
import type { ConnectionLimit } from '../engine/transport/transports.ts';
import type { ListCount } from '../limits/listed-networks.ts';
import type { Tier } from '../policy/facts.ts';
import type { FailureKind } from '../policy/failure-kinds.ts';
import type { Pressure } from '../policy/pressure.ts';
import type { Reason } from '../policy/reasons.ts';
import type { CallStats, ExtensionStats, StatusClass } from './call-stats.ts';
import type { Durations } from './durations.ts';

/** The methods a metric tells apart; a stranger's invention counts as `other`. */
export const countedMethods = [
  'REGISTER',
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
  'MESSAGE',
  'REFER',
  'PRACK',
  'UPDATE',
  'INFO',
  'other',
] as const;
export type CountedMethod = (typeof countedMethods)[number];

/** So many decisions of one kind, since the start. */
export interface DecisionCount {
  readonly outcome: 'refused' | 'shadow' | 'excepted';
  readonly rule: string;
  readonly reason: Reason;
  readonly method: CountedMethod | 'none';
  readonly realm: Realm;
  readonly tier: Tier;
  readonly count: number;
}

/** Of which requests it is told how long they were in the gate. */
export type ForwardedMethod = 'REGISTER' | 'INVITE' | 'other';

/** Counters since the start, and how things stand now. What is left out counts as zero. */
export interface GateStats {
  readonly requests: Readonly<
    Partial<Record<Realm, Readonly<Partial<Record<CountedMethod, number>>>>>
  >;
  /** Final and provisional answers sent back toward whoever asked. */
  readonly answers: Readonly<
    Partial<Record<Realm, Readonly<Partial<Record<StatusClass, number>>>>>
  >;
  readonly decisions: readonly DecisionCount[];
  /** How long requests were in the gate before they went on. */
  readonly added: Readonly<Record<ForwardedMethod, Durations>>;
  /** Registrations that failed, by how. */
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>;
  readonly calling: CallStats;
  readonly extensions: readonly ExtensionStats[];
  readonly registrations: number;
  readonly calls: number;
  readonly ringing: number;
  readonly transactions: number;
  readonly timers: number;
  /** Messages that were no SIP, or belonged to nothing. */
  readonly ignored: number;
  readonly blocks: {
    /** On the list now, by the rule, or `operator`. */
    readonly byRule: Readonly<Record<string, number>>;
    /** Made since the start, by the rule, or `operator`. */
    readonly made: Readonly<Record<string, number>>;
  };
  /** Extensions that are guarded now. */
  readonly guards: number;
  /** Seen since the start. */
  readonly attacks: Readonly<Partial<Record<AttackKind, number>>>;
  readonly lists: readonly ListCount[];
  /** Datagrams the system threw away because they came too fast, or that waited too long for their turn. */
  readonly datagramsDropped: number;
  /** Blocked sources that flood now, each with a short queue of its own. */
  readonly floodLanes: number;
  readonly pressure: Pressure;
  /** How often the clock was set since the start. */
  readonly clockSteps: number;
  readonly connections: {
    readonly open: Readonly<Partial<Record<Transport, number>>>;
    readonly handshaking: number;
    readonly refused: Readonly<Partial<Record<ConnectionLimit, number>>>;
  };
  readonly pbx: readonly PbxNodeStats[];
  readonly certificates: readonly CertificateStatus[];
  /** Undefined when none are served. */
  readonly programs?: ProgramCounts | undefined;
  /** Undefined when the gate has sockets of its own. */
  readonly drachtio?: DrachtioStatus | undefined;
}

/** The drachtio-server that carries SIP, or did last. */
export interface DrachtioStatus {
  readonly address: string;
  readonly connected: boolean;
}

export interface PbxNodeStats {
  readonly name: string;
  readonly uri: string;
  readonly up: boolean;
  readonly draining: boolean;
  /** Of the last answer to OPTIONS; undefined before the first. */
  readonly latencyMs: number | undefined;
}

export interface CertificateStatus {
  /** The first name in it. */
  readonly name: string;
  readonly selfSigned: boolean;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What the worker sends each second; its arrival is the data plane's heartbeat. */
export interface DataPlaneStats extends GateStats {
  readonly eventLoop: EventLoopLag;
  readonly heapBytes: number;
  readonly draining: boolean;
}

/** Over the last interval, in milliseconds. */
export interface EventLoopLag {
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}
