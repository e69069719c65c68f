import type { Transport } from './signaling.ts';

/**
 * One registered contact as it is kept on disk, so that after a restart calls still find the phone.
 * The phone's address of record and the Contact it gave identify it.
 */
export interface BindingRow {
  /** `user@domain`, as the edge keys it. */
  readonly aor: string;
  /** The Contact URI as the phone gave it. */
  readonly contact: string;
  /** Names this binding in the URI that the PBX was given. */
  readonly token: string;
  /** The token of the flow that it came by last, which leads back to the phone. */
  readonly flow: string;
  readonly transport: Transport;
  /** The listener the phone came in by: `udp:0.0.0.0:5060`. */
  readonly listener: string;
  readonly address: string;
  readonly port: number;
  /** How the PBX was told to reach the phone through us. */
  readonly toward: 'contact' | 'path';
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly userAgent: string;
  readonly callId: string;
  readonly cseq: number;
  /** The PBX node that took the registration. */
  readonly node: string;
  /** Which device it is, as far as it says so (RFC 5626); else empty. */
  readonly instance: string;
  /** When the PBX last took it: what nodes agree by. */
  readonly changedAt: number;
}

/** One that is held by a node of the gate, as all of them know it. */
export interface HeldBinding extends BindingRow {
  /** The node by its name. */
  readonly gate: string;
}

/** Which binding a change is about. */
export interface BindingKey {
  readonly aor: string;
  readonly contact: string;
}

/** Told of every change, so that it reaches the disk in time; never waits. */
export interface RegistrationsStore {
  saved(row: BindingRow): void;
  removed(row: BindingRow): void;
}
