import type {
  PbxSettings,
  RegistrationSettings,
  TopologySettings,
  TrunkSettings,
} from '../edge/edge-settings.ts';
import type { Realm, Transport } from '../edge/signaling.ts';
import type { PolicySettings } from '../policy/policy-settings.ts';
import type { RedisServer } from './forms.ts';
import type { ListWritten } from './list-settings.ts';
import type { ContactWritten, SmtpWritten, TemplateWritten } from './notification-settings.ts';

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
  readonly kernel: KernelSettings;
  readonly pbx: PbxSettings;
  readonly trunks: readonly TrunkSettings[];
  readonly registration: RegistrationSettings;
  readonly topology: TopologySettings;
  readonly calls: CallSettings;
  /** What stands in `policies/*.yaml`. */
  readonly policy: PolicySettings;
  readonly lists: readonly ListSettings[];
  readonly notifications: NotificationSettings;
  readonly programPort: ProgramPortSettings;
  readonly programs: ProgramSettings;
  readonly drachtio: DrachtioSettings;
  readonly cluster: ClusterSettings;
  readonly http: { readonly address: string; readonly port: number };
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  readonly events: EventSettings;
  readonly drain: { readonly deadlineSeconds: number; readonly retryAfterSeconds: number };
}

/** A list of addresses that is read again and again. */
export interface ListSettings extends Omit<ListWritten, 'file' | 'url' | 'key'> {
  readonly name: string;
  readonly from: { readonly file: string } | { readonly url: string };
  /** What stands for `{key}` in the URL. */
  readonly key?: string;
}

/** Who is told of what happens. */
export interface NotificationSettings {
  /** Undefined: there is no mail server. */
  readonly smtp: SmtpSettings | undefined;
  readonly contacts: readonly ContactSettings[];
}

export interface SmtpSettings extends Pick<SmtpWritten, 'tls' | 'user' | 'timeoutSeconds'> {
  readonly host: string;
  readonly port: number;
  readonly from: string;
  /** Empty without a user. */
  readonly password: string;
  /** The variable of the password, where the gate that runs has it and we have not. */
  readonly heldByGate?: string;
  readonly authorities?: string;
}

type AboutTo = 'email' | 'webhook' | 'form' | 'token' | 'tokenFile' | 'template';

export interface ContactSettings extends Omit<ContactWritten, AboutTo> {
  readonly name: string;
  readonly to: { readonly addresses: readonly string[] } | WebhookSettings;
  readonly template: TemplateWritten;
}

export interface WebhookSettings {
  /** `{token}` stands in it where the token goes. */
  readonly webhook: string;
  readonly form: ContactWritten['form'];
  readonly token?: string;
}

/** The record of what happened. */
export interface EventSettings {
  readonly keepDays: number;
  readonly mostRows: number;
  /** 0: none. */
  readonly fileMegabytes: number;
  /** What was let through is recorded too. */
  readonly admitted: boolean;
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
  /** Of WebSocket: the pages whose phones may connect. Undefined: all. */
  readonly origins?: readonly string[];
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
  readonly firstMessageSeconds: number;
  readonly idleSeconds: number;
  readonly messageBytes: number;
  /** Transactions, dialogs and finished transactions kept at once; beyond, new work is refused 503 or old answers forgotten early. */
  readonly transactions: number;
  readonly calls: number;
  readonly registrations: number;
}

/** What the kernel refuses for us. */
export interface KernelSettings {
  /** `auto`: at ingress where that can be had, else before routing; the two by themselves; `off`. */
  readonly mode: 'auto' | 'ingress' | 'prerouting' | 'off';
}

export interface CallSettings {
  /** Timer C: an INVITE that only rings ends after this (RFC 3261 §16.6, more than 180). */
  readonly ringSeconds: number;
  /** A call without session timers is forgotten (not ended) when nothing was heard of it for so long. */
  readonly forgetAfterHours: number;
}

/** Where programs written with drachtio-srf connect. */
export interface ProgramPortSettings {
  readonly address: string;
  /** Null: nowhere. */
  readonly port: number | null;
  /** Without files: self-signed. */
  readonly tls: { readonly enabled: boolean; readonly certificate?: string; readonly key?: string };
  readonly limits: {
    readonly connections: number;
    readonly outboundConnections: number;
    readonly authenticateSeconds: number;
    readonly frameBytes: number;
    readonly unsentBytes: number;
    readonly stalledSeconds: number;
    readonly unanswered: number;
    readonly answerSeconds: number;
    readonly keepAliveSeconds: number;
  };
}

export interface ProgramSettings {
  /** Empty when there is nothing to authenticate. */
  readonly secret: string;
  /** Which new requests go to programs: the first that matches decides, none means no. */
  readonly requests: readonly RequestRule[];
  /** Programs to connect to and web servers to ask, by method; the first that is for it. */
  readonly handlers: readonly HandlerSettings[];
}

/** What is not there matches everything. */
export interface RequestRule {
  readonly methods?: readonly string[];
  readonly realm?: Realm;
  readonly listener?: {
    readonly transport: Transport;
    readonly address: string;
    /** 0: any. */
    readonly port: number;
  };
  readonly user?: string;
  readonly host?: string;
  readonly header?: { readonly name: string; readonly value: string };
  readonly to: 'programs' | 'pbx';
}

export interface HandlerSettings {
  readonly methods?: readonly string[];
  readonly url: string;
  readonly method: 'GET' | 'POST';
}

/** Where SIP is carried by a drachtio-server instead of the embedded engine. */
export interface DrachtioSettings {
  /** Tried in order. None: the embedded engine. */
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  /** Empty when there are no servers. */
  readonly secret: string;
  readonly tls: { readonly enabled: boolean; readonly authorities?: string };
  /** Those that are not for phones and strangers. */
  readonly listeners: readonly DrachtioListenerSettings[];
}

/** The nodes that share what each of them knows. */
export interface ClusterSettings {
  readonly redis: RedisSettings;
  readonly node: {
    readonly name: string;
    /** Where the other nodes reach this one; undefined where it has no place for that. */
    readonly uri: string | undefined;
  };
  /** Empty when this node is alone. */
  readonly secret: string;
}

export interface RedisSettings {
  /** None: this node is alone. */
  readonly servers: readonly RedisServer[];
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly sentinelName: string;
  readonly user: string | null;
  /** Empty: none is sent, or a file holds it. */
  readonly password: string;
  readonly sentinelPassword: string;
  /** Read at each connection: it may change while the gate runs. */
  readonly passwordFile?: string;
  readonly sentinelPasswordFile?: string;
  /** The variable of one of them, where the gate that runs has it and we have not. */
  readonly heldByGate?: string;
  readonly authorities?: string;
  readonly prefix: string;
  readonly exchangeMs: number;
  readonly leaseMs: number;
  /** A set that drachtio-servers read blocked addresses from; null: none. */
  readonly drachtioBlacklist: string | null;
}

export interface DrachtioListenerSettings {
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  readonly realm: Realm;
}
