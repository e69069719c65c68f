import type { Realm, Transport } from '../edge/signaling.ts';

/**
 * Everything the operator can set, checked and complete: what `routes/*.yaml`, flags and the environment
 * compile to. A snapshot: never changed, replaced whole on reload.
 */
export interface Settings {
  /** Where state lives: the database, the self-signed certificate, the token key, the control socket. */
  readonly dataDirectory: string;
  readonly listeners: readonly ListenerSettings[];
  readonly tls: TlsSettings;
  readonly limits: LimitSettings;
  readonly pbx: PbxSettings;
  readonly trunks: readonly TrunkSettings[];
  readonly registration: RegistrationSettings;
  readonly calls: CallSettings;
  readonly http: { readonly address: string; readonly port: number };
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  readonly drain: { readonly deadlineSeconds: number; readonly retryAfterSeconds: number };
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** `auto`: text on a terminal, JSON lines elsewhere. */
export type LogFormat = 'auto' | 'text' | 'json';

export interface ListenerSettings {
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  readonly realm: Realm;
  /** The address others must use to reach this listener, when it differs (NAT, a load balancer, a host name). */
  readonly advertise?: { readonly host: string; readonly port?: number };
  /** Ask connecting clients for a certificate; `require` refuses those without a valid one. */
  readonly clientCertificate: 'none' | 'ask' | 'require';
}

export interface TlsSettings {
  /** Each pair serves the names in its certificate (SNI); the first is the default. Empty: self-signed, made at first start. */
  readonly certificates: readonly { readonly certificate: string; readonly key: string }[];
  /** A PEM file of the authorities that sign client certificates and the PBX's and trunks' own. */
  readonly authorities?: string;
  readonly warnDaysBeforeExpiry: number;
}

export interface LimitSettings {
  readonly connectionsPerSource: number;
  readonly connections: number;
  readonly handshakeSeconds: number;
  readonly messageSeconds: number;
  readonly idleSeconds: number;
  readonly messageBytes: number;
  /** Transactions, dialogs and finished transactions kept at once; beyond, new work is refused 503 or old answers forgotten early. */
  readonly transactions: number;
  readonly calls: number;
  readonly registrations: number;
}

export interface PbxSettings {
  readonly nodes: readonly PbxNodeSettings[];
  readonly health: {
    readonly everySeconds: number;
    readonly timeoutSeconds: number;
    /** Consecutive failures that take a node out, and answers that bring it back. */
    readonly downAfter: number;
    readonly upAfter: number;
  };
  /** Without any answer for so long, the next node is tried. */
  readonly tryNextAfterMs: number;
  /** Addresses or CIDRs besides the nodes' own from which the PBX speaks. */
  readonly sources: readonly string[];
  /** Sent with calls that come from a trunk so that the PBX can tell them; stripped from everything else. */
  readonly trunkHeader?: { readonly name: string; readonly value: string };
}

export interface PbxNodeSettings {
  readonly name: string;
  /** `sip:192.0.2.10:5060;transport=tcp`, or a host name for RFC 3263. */
  readonly uri: string;
  readonly weight: number;
  /** No new calls or registrations; those it has go on. */
  readonly drain: boolean;
}

export interface TrunkSettings {
  readonly name: string;
  readonly uri: string;
  /** Addresses or CIDRs its calls come from; the URI's own address is always one. */
  readonly sources: readonly string[];
}

export interface RegistrationSettings {
  /** How the PBX is told to reach a phone through us. */
  readonly toward: 'contact' | 'path';
  readonly keepAlive: {
    readonly everySeconds: number;
    readonly by: 'options' | 'crlf' | 'off';
    /** `nat`: only phones whose Contact is not where they really are; `all`: every UDP phone. */
    readonly whom: 'nat' | 'all';
  };
}

export interface CallSettings {
  /** Timer C: an INVITE that only rings ends after this (RFC 3261 §16.6, more than 180). */
  readonly ringSeconds: number;
  /** A call without session timers is forgotten (not ended) when nothing was heard of it for so long. */
  readonly forgetAfterHours: number;
}
