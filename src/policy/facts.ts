import type { Dialled } from '../numbers/dialled.ts';
import type { ExtensionProfile } from './extension-profile.ts';

/**
 * What rules may know, as plain values: the edge fills them in from a live request, `explain` and policy tests
 * from what somebody typed. Live, most are worked out when a rule first asks for them.
 */

export type Realm = 'access' | 'core' | 'trunk';
export type Transport = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';
/**
 * How far a source is trusted: `trusted` (allow-listed, the PBX, trunks), `known` (holds a live registration or has
 * answered a challenge correctly of late), `unknown`.
 */
export type Tier = 'trusted' | 'known' | 'unknown';

/** Where a packet really came from; nothing of it is taken from a header. */
export interface Source {
  /** IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  readonly transport: Transport;
  readonly realm: Realm;
  readonly tier: Tier;
  /** A list allows it: no rule of the network counts for it and it is never blocked, but trusted it is not. */
  readonly spared?: boolean | undefined;
  /** Who is counted as one: the IPv4 address, or the /64 of an IPv6 address. */
  readonly key: string;
  /** The port of ours it came to. */
  readonly toPort: number;
  /** ISO 3166 alpha-2 by the address, undefined when it is in no list. */
  readonly country: string | undefined;
  /** In one of the site's own networks. */
  readonly local: boolean;
  /** It gets what we send: a connection, or an answer to a challenge that went to this very address. */
  readonly proven: boolean;
  /** Phones are registered from its address, or were of late; it may be another one behind the same NAT, or a forger. */
  readonly familiar: boolean;
  /** It is on the block list. */
  readonly blocked: Blocked | undefined;
  /** Of the verified client certificate. */
  readonly certificateNames: readonly string[];
}

/** Why a source is blocked, and until when (milliseconds since 1970; undefined: for good). */
export interface Blocked {
  readonly network: string;
  readonly rule: string;
  readonly evidence: string;
  readonly until: number | undefined;
  /** The list that names it, when no rule and nobody here has blocked it. */
  readonly list?: string;
}

/** Why an extension is guarded. */
export interface Guarded {
  readonly by: 'rule' | 'operator';
  readonly evidence: string;
}

/** All that is known before a message is read. */
export interface PacketFacts {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly source: Source;
}

/** What is known of a message that is none, or breaks the rules of SIP. */
export interface BrokenFacts extends PacketFacts {
  /** What is wrong with it: `not-sip`, `too-large`, `content-length`, `max-forwards`. */
  readonly problem: string;
}

export interface RequestFacts extends PacketFacts {
  /** Nothing stands in the way of an emergency call: what a rule says of it does not count. */
  readonly emergency: boolean;
  readonly method: string;
  /** Inside a dialog that is known. */
  readonly inDialog: boolean;
  readonly userAgent: string | undefined;
  readonly callId: string;
  readonly requestUri: string;
  /** The host that it names, in lower case, without brackets; undefined: one of our own, or none that can be read. */
  readonly domain: string | undefined;
  /** User parts, escapes undone. */
  readonly requestUser: string;
  readonly from: string;
  readonly to: string;
  readonly fromTag: string;
  /** The From header as it stands there. */
  readonly fromHeader: string;
  /** From, To and the Request-URI are written in a way in which no name in them can be hostile. */
  readonly harmless?: boolean;
  readonly headerLines: number;
  /** Of the first line and the headers. */
  readonly headBytes: number;
  /** Of the topmost Via. */
  readonly branch: string;
  /** Who it says it is: the extension that registers or calls; undefined from a trunk. */
  readonly extension: string | undefined;
  /** What the site says of that extension, groups and defaults taken in. */
  readonly profile: ExtensionProfile;
  /**
   * Over UDP anybody may have written it in the name of this source, and a challenge would tell: what it answers is
   * none that went there.
   */
  readonly doubtful: boolean;
}

export interface RegistrationFacts extends RequestFacts {
  readonly extension: string;
  /** The digest user name, when credentials came along. */
  readonly registerName: string | undefined;
  /** Seconds asked for each Contact; 0 ends it. Empty for a question. */
  readonly expires: readonly number[];
  /** Digest credentials came along. */
  readonly credentials: boolean;
  /** They answer a challenge that went to this very source, which nobody can forge. */
  readonly proven: boolean;
  /** From this source, a device that holds a registration for the extension: by its flow, Call-ID or +sip.instance. */
  readonly holder: boolean;
  /** The extension is registered from this source, by whatever device. */
  readonly registeredHere: boolean;
  /** It is registered from this source, or was of late. */
  readonly atHome: boolean;
  /** Many guess at it, or somebody wants it guarded: who is not known there may not try. */
  readonly guard: Guarded | undefined;
  /** Somebody is registered from this source: what one behind it does is not everybody's fault. */
  readonly shared: boolean;
  /** Devices asked for that are not registered yet. */
  readonly newDevices: number;
  /** Other devices of the extension that are registered now. */
  readonly devices: number;
  /** So many of those are of the same source and User-Agent: most likely the same phone before it was unplugged. */
  readonly alike: number;
  /** A device that is registered asks to be reached by another Contact, or by another domain. */
  readonly returning: boolean;
}

/** How a number came to be called: by an INVITE, a transfer, a redirection, or a call that was forwarded. */
export type CallBy = 'invite' | 'refer' | 'redirect' | 'diversion';

export interface Identity {
  readonly header:
    | 'From'
    | 'P-Asserted-Identity'
    | 'P-Preferred-Identity'
    | 'Remote-Party-ID'
    /** Of another extension, named in the credentials that came along. */
    | 'Authorization';
  /** Empty when none is shown, undefined when it cannot be read. */
  readonly user: string | undefined;
}

export interface CallFacts extends RequestFacts {
  readonly by: CallBy;
  /** The source holds a live registration for the extension. */
  readonly registered: boolean;
  /** By the very address and port, or connection, that the call came by. */
  readonly onOwnFlow: boolean;
  readonly identities: readonly Identity[];
  /** Who forwarded or transferred it here: Diversion, History-Info, Referred-By. */
  readonly divertedBy: string | undefined;
  /** The same call was made a moment ago, and challenged: now it comes with credentials. */
  readonly asksAgain: boolean;
  readonly dialled: Dialled;
  /** The outbound route that takes it; where none does, the first whose pattern fits. */
  readonly route: RouteFacts | undefined;
  /** The PIN dialled before the number, undefined when there was none. */
  readonly pin: PinFacts | undefined;
  /** The phone's own call of which this one, sent by the PBX to a trunk, is the rest: it counts already. */
  readonly continues: ContinuedFacts | undefined;
  /** The trunk it came from or is to leave by. */
  readonly trunk: string | undefined;
  /** From a trunk: it has the certificate that is set for it, or none is. */
  readonly trunkCertified: boolean;
  /** From a trunk: who calls shows no number. */
  readonly anonymous: boolean;
}

export interface RouteFacts {
  readonly name: string;
}

export interface ContinuedFacts {
  /** The name of its route. */
  readonly route: string | undefined;
}

/** A PIN is known by its entry of policies/pins.yaml only; nothing beyond the edge sees the PIN itself. */
export interface PinFacts {
  /** Undefined when it is wrong. */
  readonly entry: string | undefined;
}

/** What is judged, in this order, by which facts. */
export interface StageFacts {
  /** Before a message is read. */
  readonly packet: PacketFacts;
  /** A message that cannot be passed on as it is. */
  readonly broken: BrokenFacts;
  /** Every request. */
  readonly network: RequestFacts;
  /** REGISTER from the access side. */
  readonly registration: RegistrationFacts;
  /** A call by an extension: to another, or to the telephone network. */
  readonly outbound: CallFacts;
  /** A call from a trunk. */
  readonly inbound: CallFacts;
}
export type Stage = keyof StageFacts;
