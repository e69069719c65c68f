import type { PolicySettings } from '../policy/policy-settings.ts';

/** What the edge wants to know of the settings; `config/` checks and compiles them. A snapshot, replaced whole. */
export interface EdgeSettings {
  readonly pbx: PbxSettings;
  readonly trunks: readonly TrunkSettings[];
  readonly registration: RegistrationSettings;
  readonly topology: TopologySettings;
  readonly policy: PolicySettings;
  readonly drain: { readonly retryAfterSeconds: number };
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
  /** A name that its client certificate must have; none is asked for when not given. */
  readonly certificateName?: string | undefined;
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

export interface TopologySettings {
  /** What phones and carriers are not to see of the PBX. */
  readonly hide: readonly ('headers' | 'via' | 'contact')[];
  /** Names, or beginnings with a `*` behind, of what is taken out of messages to phones and carriers. */
  readonly headersOutward: readonly string[];
  /** The same for messages to the PBX. */
  readonly headersInward: readonly string[];
}
