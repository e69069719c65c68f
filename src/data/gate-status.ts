import type { HeldBinding } from '../edge/registrations-store.ts';
import type { Listener } from '../edge/signaling.ts';
import type { ConnectedProgram, ProgramPort } from '../engine/protocol/program-server.ts';
import type { Guard } from '../limits/guards.ts';
import type { Pressure } from '../policy/pressure.ts';
import type { Mode } from '../policy/rule.ts';
import type { CertificateStatus, DrachtioStatus, PbxNodeStats } from './gate-stats.ts';

export interface GateStatus {
  readonly draining: boolean;
  readonly pressure: Pressure;
  readonly listeners: readonly Listener[];
  readonly pbx: readonly PbxNodeStats[];
  readonly certificates: readonly CertificateStatus[];
  /** Undefined when none are served. */
  readonly programs?: ProgramsStatus | undefined;
  /** Undefined when the gate has sockets of its own. */
  readonly drachtio?: DrachtioStatus | undefined;
  readonly registrations: {
    readonly count: number;
    /** Of these, so many are held by other nodes. */
    readonly elsewhere: number;
    readonly rows: readonly RegistrationStatus[];
  };
  /** How many sources are blocked, here and by lists of others, and where what they send is thrown away. */
  readonly blocks: {
    readonly count: number;
    readonly listed: number;
    readonly enforced: readonly EnforcedAt[];
  };
  readonly guards: GuardedExtensions;
  readonly calls: {
    /** The answered ones. */
    readonly count: number;
    readonly ringing: number;
    readonly rows: readonly CallStatus[];
  };
  /** What live calls count under, as limits name it: `extension:1001`, `trunk:carrier`. At most so many as rows. */
  readonly counted: readonly { readonly key: string; readonly calls: number }[];
}

/** At our sockets, before anything is read; or where a drachtio-server hands requests over. */
export type EnforcedAt = 'socket' | 'request';

export interface ProgramsStatus {
  /** Undefined when programs cannot connect, only be connected to. */
  readonly port: ProgramPort | undefined;
  readonly count: number;
  readonly rows: readonly ConnectedProgram[];
}

export type RegistrationStatus = Pick<
  HeldBinding,
  | 'aor'
  | 'contact'
  | 'transport'
  | 'address'
  | 'port'
  | 'expiresAt'
  | 'userAgent'
  | 'node'
  /** The node of the gate that holds it; empty for this one. */
  | 'gate'
>;

export interface CallStatus {
  readonly id: string;
  readonly callId: string;
  readonly state: 'ringing' | 'answered';
  readonly from: string;
  readonly to: string;
  readonly startedAt: number;
  /** `udp 192.0.2.7:5060`. */
  readonly caller: string;
  /** Undefined while it rings: it may do so in several places. */
  readonly callee: string | undefined;
  /** Of a call outside: its route, and the trunk that answered. */
  readonly route?: string;
  readonly trunk?: string;
}

/** The extensions that are guarded, and whether that keeps anybody out. */
export interface GuardedExtensions {
  readonly mode: Mode;
  readonly count: number;
  readonly rows: readonly Guard[];
}
