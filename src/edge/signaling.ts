import type { Message } from '../sip/message/message.ts';
import type { HeaderChange } from '../sip/message/rewrite.ts';
import type { Problem } from '../sip/message/validate.ts';
import type { Hiding } from '../sip/proxy/hiding.ts';

export type { HeaderChange, Hiding };

/**
 * What the edge needs from whatever carries SIP. The embedded engine (`engine/`) implements it in
 * process; `test/contract/` says what any implementation must do.
 *
 * The carrier owns sockets, transactions, retransmissions, CANCEL, ACK, record-routing and the table
 * of live calls. The edge decides: who may come in, where a request goes, what is rewritten.
 */
export interface Signaling {
  /**
   * Where requests to this URI go: all the places that `Target.nextHop` leads to (RFC 3263), before `serve` too. None
   * when that cannot be told just now; never rejects.
   */
  placesOf(uri: string): Promise<readonly Place[]>;
  /** Opens the listeners and hands over every new request until `close`. Rejects when one cannot be bound. */
  serve(handlers: Handlers): Promise<Serving>;
}

export interface Place {
  readonly transport: Transport;
  /** IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

export interface Handlers {
  /**
   * May this be read at all? Asked before it is, of each datagram and each message over a connection with what came,
   * and of each new connection with nothing. What is refused is thrown away unanswered, a connection is cut. Always,
   * when not given; called for every packet of a flood, so it must be quick.
   */
  admits?(listener: Listener, address: string, port: number, received?: Received): boolean;
  /**
   * Is all that comes from there thrown away, however little it is? Asked about whoever floods; never, when not given.
   */
  isShutOut?(listener: Listener, address: string, port: number): boolean;
  /**
   * A message that is broken, and that would be answered with the error. False: silence. Answered, when not given.
   */
  answersBroken?(flow: Flow, problem: BrokenBy): boolean;
  /**
   * Every request that is not an ACK, a CANCEL or a retransmission. It must be answered, forwarded or
   * dropped, now or later; one that is not is answered 500 when the handler throws.
   */
  request(incoming: Incoming): void;
  /**
   * Where a source stands; the listener's own realm when not given. Asked once per datagram or connection, so it must
   * be quick.
   */
  realmOf?(source: Pick<Flow, 'listener' | 'transport' | 'address' | 'port'>): Realm;
  /**
   * May a request inside a dialog, come from this realm, be sent to this address, when only its own Route or
   * Request-URI says so and no live call vouches for it (after a restart, before the answer, in a subscription)?
   * Never, when not given.
   */
  mayReach?(host: string, port: number, from: Realm): boolean;
  /**
   * What the other side is not to see of a request that comes from this realm, and this realm of its answers.
   * Asked for every request that is forwarded, an ACK included, so it must be quick. Nothing, when not given.
   */
  hides?(from: Realm): Hiding | undefined;
  /** The URI behind one that `hides` put in its place; undefined for any other. */
  behind?(uri: string): string | undefined;
  /**
   * Has this source on the access side proved that what is sent to it arrives? Over UDP anybody can write any
   * source address; a refused INVITE that nobody acknowledges is repeated three times there, and no more. Asked
   * when those three are out. Always, when not given.
   */
  hears?(flow: Flow): boolean;
  /** Is this the Request-URI of an emergency call? Asked when there is no room for a call; never one, when not given. */
  isEmergency?(requestUri: string): boolean;
  /**
   * The token of the flow by which whoever this token stands for is reached now: it was of a connection that is gone, or
   * none of a flow. Undefined, or not given, when nobody vouches for that.
   */
  flowInsteadOf?(token: string): string | undefined;
  /**
   * Is whoever sent this request to learn nothing, not even that somebody is here? Then no refusal of a carrier's or the
   * edge's own is sent; what a program or a target answers is passed back. Nobody, when not given.
   */
  hidesFrom?(flow: Flow, request: Message): boolean;
  /** A call was answered: from now on `calls` lists it and `end` can end it. */
  callStarted?(call: Call): void;
  callEnded?(call: Call, why: CallEnd): void;
  /** A connection is gone. Never reported for UDP. */
  flowClosed?(flow: Flow): void;
}

/** What came, a byte each: as the socket gave it, or as a string of latin1. */
export type Received = Buffer | string;

/** What is wrong with a message: the first line is no SIP, it is too long, or what `validate.ts` found. */
export type BrokenBy = Problem | 'not-sip' | 'too-large';

export type FarEnd = (listener: Listener, address: string, port: number) => boolean;

export interface Serving {
  /** What is really bound: a configured port 0 is replaced by the one the system chose. */
  readonly listeners: readonly Listener[];
  /** Sends a request of our own (OPTIONS to a PBX node, a keep-alive) and reports its one final outcome. */
  send(request: OwnRequest, done: (outcome: Outcome) => void): void;
  /** The way back to whoever holds this token; `forged` if we never made it, `stale` if its connection is gone. */
  flowFrom(token: string): Flow | 'forged' | 'stale';
  /** What to call ourselves in a URI given to whoever is at this target: `host:port;transport=…`. */
  ownAddress(target: Target): string;
  /** A few bytes over this flow that keep a NAT's door open and mean nothing (RFC 5626 §4.4.1). */
  ping(flow: Flow): void;
  calls(): Iterable<Call>;
  /** Those with this Call-ID: more than one where the call forked. */
  callsNamed(callId: string): readonly Call[];
  /** The calls that nobody has answered yet. */
  ringing(): Iterable<RingingCall>;
  /**
   * Ends whatever has this Call-ID, all forks of it, on both sides: BYE each way once it is answered, CANCEL and
   * 487 before. False if nothing is known of it.
   */
  end(callId: string, reason: EndReason): boolean;
  /** Cuts the connections that others opened to us, those in their handshake too, where this holds of the far end. */
  cut?(which: FarEnd): void;
  /** Stops listening, closes every connection, forgets every transaction. */
  close(): Promise<void>;
}

export type Transport = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

/** Where a source stands: `access` phones and the internet, `core` the PBX, `trunk` carriers. */
export type Realm = 'access' | 'core' | 'trunk';

export interface Listener {
  /** `udp:192.0.2.1:5060`: how it is named in the logs and on disk. */
  readonly name: string;
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  readonly realm: Realm;
  /**
   * What we write into Via, Record-Route and Contact: the public address when it differs from the bound one.
   * A listener on every address (`0.0.0.0`, `::`) that is given none is called by the one that faces the neighbour.
   */
  readonly advertised: { readonly host: string; readonly port: number };
}

/** The path a message came by and the only way back: a pair of UDP addresses, or one live connection. */
export interface Flow {
  readonly listener: Listener;
  readonly realm: Realm;
  readonly transport: Transport;
  /** The address the packet really came from, IPv6 without brackets; never taken from a header. */
  readonly address: string;
  readonly port: number;
  /** False for good once a connection is closed; always true for UDP. */
  readonly open: boolean;
  /** Names this flow in a URI, authenticated so that nobody else can make one. */
  readonly token: string;
  /** Names from the client certificate that was verified on this connection, if any. */
  readonly certificateNames: readonly string[];
}

export interface Incoming {
  readonly request: Message;
  readonly flow: Flow;
  /** The live call this request belongs to, when it came inside one. */
  readonly call: Call | undefined;
  /** True for a request inside a dialog when a Route of ours or a live call says where it goes: `as-routed`. */
  readonly routed: boolean;
  /**
   * The Request-URI that it goes on with `as-routed`: where a strict router stands before us or behind, one of its
   * Routes is put there (RFC 3261 §16.4, §16.6). Outside a dialog its own.
   */
  readonly asked: string;
  /** The user part of our own topmost Route that has one (a Path or flow token), else undefined. */
  readonly routeUser: string | undefined;
  /** True when the Request-URI names one of our listeners (or a name given to it). */
  readonly toUs: boolean;
  /** No answer, and nothing kept. */
  drop(): void;
  answer(status: number, headers?: readonly HeaderChange[], reason?: string): void;
  /**
   * A refusal, and nothing is kept of it: who asks again is asked about anew. For what comes in floods, whose sender may
   * never acknowledge a thing. A carrier that cannot forget answers as always.
   */
  turnAway(status: number, headers?: readonly HeaderChange[], reason?: string): void;
  forward(plan: Forwarding): void;
}

export interface Forwarding {
  /**
   * Tried in order: the next one after a transport failure, `tryNextAfterMs` without any answer, or a 503,
   * as long as nothing was passed back. `as-routed` follows the request's own Route set or its call.
   */
  readonly targets: readonly Target[] | 'as-routed';
  /** All targets at once instead of in order; the best answer wins (RFC 3261 §16.7). */
  readonly parallel?: boolean;
  /** Stay in the path of what follows. Default false: REGISTER and MESSAGE must not, INVITE must. */
  readonly recordRoute?: boolean;
  readonly tryNextAfterMs?: number;
  /** The last target is waited for no longer than that either: nothing is to be expected of it. */
  readonly lastToo?: boolean;
  /** Applied to the forwarded request; all else is passed on byte for byte. */
  readonly headers?: readonly HeaderChange[] | undefined;
  /** In place of `headers`, where they depend on who gets the request. */
  readonly headersFor?: ((target: Target) => readonly HeaderChange[]) | undefined;
  /** Sees each answer before it is passed back and says what to change in it. */
  readonly onAnswer?: (response: Message, target: Target) => readonly HeaderChange[] | undefined;
  /** Sees the refusal of a target that is about to be passed back; what it returns is said in its place. */
  readonly onRefusal?: (response: Message, target: Target) => OwnAnswer | undefined;
  /** A target could not be reached, timed out or said 503, whether or not another is tried. */
  readonly onTargetFailed?: (target: Target, failure: Failure) => void;
  /** Once, when the final answer (or our own) has been passed back: its status. */
  readonly onDone?: (status: number) => void;
}

/** Said by us. */
export interface OwnAnswer {
  readonly status: number;
  readonly headers?: readonly HeaderChange[];
}

export interface Target {
  /** The next hop: `sip:host:port;transport=tcp`, host names resolved by RFC 3263; or an existing flow. */
  readonly nextHop: string | Flow;
  /** Which realm's listener it leaves from. Ignored for a flow. */
  readonly realm?: Realm;
  /** The Request-URI to put in place of the one received. */
  readonly requestUri?: string | undefined;
}

export type Failure = 'unreachable' | 'timeout' | 'unavailable';

export interface OwnRequest {
  readonly method: string;
  readonly target: Target;
  readonly requestUri: string;
  readonly from: string;
  readonly to: string;
  readonly headers?: readonly HeaderChange[];
  /** Give up sooner than 64*T1 (RFC 3261 timer F). */
  readonly timeoutMs?: number;
}

export type Outcome =
  | { readonly kind: 'answered'; readonly response: Message }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** A call from its INVITE's first 2xx to its BYE. */
export interface Call {
  /** Call-ID and both tags. */
  readonly id: string;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly startedAt: number;
  readonly caller: Flow;
  readonly callee: Flow;
}

/** A call from its INVITE to the first final answer. */
export interface RingingCall extends Pick<Call, 'callId' | 'from' | 'to' | 'startedAt' | 'caller'> {
  /** Call-ID and the caller's tag. */
  readonly id: string;
}

export interface EndReason {
  /** Goes into the Reason header of both BYEs (RFC 3326). */
  readonly text: string;
  readonly cause?: number;
}

/**
 * `bye`: one of the parties; `ended`: by us; `expired`: its session timer ran out; `lost`: a party answered 481 or 408.
 */
export type CallEnd = 'bye' | 'ended' | 'expired' | 'lost';
