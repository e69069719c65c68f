import { setTimeout } from 'node:timers/promises';
import type { BlockChange, BlockEntry } from '../limits/block-entry.ts';
import type { Guard } from '../limits/guards.ts';
import type { Listed } from '../limits/listed-networks.ts';
import type { Question } from '../policy/asking/question.ts';
import type { FailureKind } from '../policy/failure-kinds.ts';
import type { CallLimit, Decision } from '../policy/policy.ts';
import type { Pressure } from '../policy/pressure.ts';
import type { Message } from '../sip/message/message.ts';
import { asksNextHop } from '../sip/message/validate.ts';
import { admit } from './admit.ts';
import { type AttackObserver, AttackWatch } from './attack-watch.ts';
import { createBindingTokens } from './binding-token.ts';
import { CallChallenges } from './call-challenges.ts';
import { CallFacts } from './call-facts.ts';
import { CallLeases } from './call-leases.ts';
import { nameOf } from './call-name.ts';
import { challengeHere } from './challenge-here.ts';
import { ChallengeMarks } from './challenge-marks.ts';
import { ClockSteps } from './clock-steps.ts';
import type { EdgeSettings } from './edge-settings.ts';
import type { FamiliarSource } from './familiar-sources.ts';
import { fromNode, fromPbx } from './from-pbx.ts';
import { type Decided, Gatekeeper } from './gatekeeper.ts';
import { Guesses } from './guesses.ts';
import { hidingPins } from './hidden-pins.ts';
import { createHiddenUris, type HiddenUris } from './hidden-uris.ts';
import { inDialog } from './in-dialog.ts';
import { KeepAlive } from './keep-alive.ts';
import { KnownSources } from './known-sources.ts';
import type { Attempt } from './learn-from-answer.ts';
import { LiveCounters } from './live-counters.ts';
import { LookAlikeChallenge } from './look-alike-challenge.ts';
import { Neighbours } from './neighbours.ts';
import { createNodeMarks, type NodeMarks } from './node-marks.ts';
import type { OtherNodes } from './other-nodes.ts';
import { type OutsideCall, OutsideCalls } from './outside-calls.ts';
import { Pbx, type PbxObserver } from './pbx.ts';
import { PinCheck } from './pin-check.ts';
import { register } from './register.ts';
import { type Binding, Registrations } from './registrations.ts';
import type { BindingRow, RegistrationsStore } from './registrations-store.ts';
import { RequestFacts } from './request-facts.ts';
import { retryAfter } from './retry-after.ts';
import type { Call, CallEnd, Flow, Handlers, Incoming, Serving, Signaling } from './signaling.ts';
import { breaksSips, refuseSips } from './sips.ts';
import { SourceFacts } from './source-facts.ts';
import { toPbx } from './to-pbx.ts';
import { createTopology } from './topology.ts';

export interface EdgeOptions {
  readonly signaling: Signaling;
  readonly settings: EdgeSettings;
  readonly tokenKey: Uint8Array;
  /** What the hashes of PINs are made with. */
  readonly pinKey: Uint8Array;
  /** As kept from the last run. */
  readonly registrations: readonly BindingRow[];
  readonly mostRegistrations: number;
  readonly store: RegistrationsStore;
  /** As kept from the last run. */
  readonly blocks: readonly BlockEntry[];
  /** As kept from the last run. */
  readonly guards: readonly Guard[];
  /** Undefined where there are none. */
  readonly others?: OtherNodes | undefined;
  /** ISO 3166 alpha-2; undefined when it is in no country, or nobody asks for countries. */
  readonly countryOf: (address: string) => string | undefined;
  /** How hard the gate and the PBX are pressed just now. */
  readonly pressure: () => Pressure;
  readonly observer: EdgeObserver;
}

export interface EdgeObserver extends PbxObserver, AttackObserver {
  /** Something was refused, or would have been by a rule in shadow. Called for every one, so it must be quick. */
  decided(decided: Decided): void;
  /** A call was let through. */
  admitted(facts: CallFacts): void;
  /** A call to an emergency number was let through, whatever the rules say (O11). */
  emergency(facts: CallFacts): void;
  /** A phone registered that was not registered before; `asked` is what the rules were asked. */
  registered(binding: Binding, asked: Question): void;
  /** Somebody failed to register: the PBX took his credentials not, or a rule refused him with them. Must be quick. */
  failed(attempt: Attempt, kind: FailureKind): void;
  /** A packet was refused, or would have been: every one, and it must be quick. `decided` is told of a few. */
  packetDecided(decision: Decision): void;
  /** A source was blocked, or is no longer. */
  blockChanged(change: BlockChange): void;
  /** Something came for the first time from a network that a list names: it was refused, or would be. */
  listedCame(listed: Listed): void;
  /** Something threw where nobody else catches it. */
  fault(problem: unknown): void;
  /** The clock was set, by so many milliseconds. */
  clockSet(byMs: number): void;
  /** A call to an emergency number was let in from where nothing else is heard. */
  emergencyPassed(address: string, port: number): void;
  /** An address is familiar for another time than before, or no longer. */
  familiarChanged(source: FamiliarSource): void;
  /** The PBX took a registration but not its Path: from now on it is told by Contact. */
  pathDropped(node: string): void;
  callStarted(call: Call, outside: OutsideCall | undefined): void;
  /** A call that was let through was not answered, or was challenged. */
  callFailed(callId: string, status: number): void;
  callEnded(call: Call, why: CallEnd, outside: OutsideCall | undefined): void;
  /** A trunk that was asked for a call gave its final answer; without a status it gave none. */
  trunkAnswered(trunk: string, status: number | undefined): void;
  /** A call has lasted as long as it may; it was ended, or would be by a rule in shadow. */
  callOverdue(call: OutsideCall, limit: CallLimit): void;
}

/** Everything the story of a request is told with. What a reload changes is replaced, the rest stays. */
export interface Edge {
  readonly serving: Serving;
  readonly settings: EdgeSettings;
  readonly pbx: Pbx;
  readonly neighbours: Neighbours;
  readonly registrations: Registrations;
  readonly gatekeeper: Gatekeeper;
  readonly pins: PinCheck;
  readonly leases: CallLeases;
  readonly outside: OutsideCalls;
  readonly bindingToken: (aor: string, contact: string) => string;
  readonly uris: HiddenUris;
  readonly nodeMarks: NodeMarks;
  readonly observer: EdgeObserver;
  readonly guesses: Guesses;
  readonly attacks: AttackWatch;
  readonly lookAlike: LookAlikeChallenge;
  readonly callChallenges: CallChallenges;
  /** Undefined where there are none. */
  readonly others: OtherNodes | undefined;
  readonly draining: boolean;
}

/** The edge, open and serving. */
export interface RunningEdge {
  readonly edge: Edge;
  /** How often the clock was set since the start. */
  readonly clockSteps: number;
  reload(settings: EdgeSettings): void;
  /** No new calls from now on. */
  drain(): void;
  close(): Promise<void>;
}

const SWEEP_EVERY_MS = 1000;
const RENEW_LEASES_EVERY_MS = 30_000;
const LOOK_UP_PATIENCE_MS = 3000;
/** Q.850 cause 102, recovery on timer expiry (RFC 3326 §2): no SIP status means that a timer ended a call. */
const tooLong = { cause: 102, text: 'Call duration limit' };

/** Opens the gate. */
export async function openEdge(options: EdgeOptions): Promise<RunningEdge> {
  const { observer, store } = options;
  const { others } = options;
  const registrations = new Registrations(
    store,
    options.mostRegistrations,
    options.registrations,
    others,
  );
  const nodeMarks = createNodeMarks(options.tokenKey);
  registrations.sources.changed = (source) => observer.familiarChanged(source);
  const bindingToken = createBindingTokens(options.tokenKey);
  const uris = createHiddenUris(options.tokenKey);
  const guesses = new Guesses(others, new ChallengeMarks(options.tokenKey));
  guesses.reload(options.settings.policy);
  const attacks = new AttackWatch(options.settings.policy, guesses, observer);
  attacks.guards.load(options.guards, Date.now());
  const lookAlike = new LookAlikeChallenge();
  const callChallenges = new CallChallenges();
  const known = new KnownSources(registrations, () => edge?.serving.calls() ?? []);
  const leases = new CallLeases(others);
  const gatekeeper = new Gatekeeper(options.settings.policy, {
    counters: new LiveCounters(guesses, leases.ledger, options.pressure, others),
    knows: (flow) => known.has(flow),
    isFamiliar: (source) => registrations.sources.has(source),
    realmOf: (source) => neighbours.realmOf(source),
    countryOf: (address) => options.countryOf(address),
    decided(decided) {
      if (refusedForPin(decided)) guesses.pinFailed(decided.facts);
      observer.decided(decided);
    },
    packetDecided: (decision) => observer.packetDecided(decision),
    blocks: options.blocks,
    blockChanged: (change) => observer.blockChanged(change),
    listedCame: (listed) => observer.listedCame(listed),
    emergencyPassed: (address, port) => observer.emergencyPassed(address, port),
    cut: (which) => edge?.serving.cut?.(which),
  });
  const limitOf = (call: OutsideCall): CallLimit => {
    const { policy } = gatekeeper;
    return policy.callLimit({
      ...{ at: Date.now(), source: { address: call.source }, extension: call.extension },
      profile: policy.site.extensions.profileOf(call.extension),
      route: call.route === undefined ? undefined : { name: call.route },
    });
  };
  const liveOf = (name: string, callId: string): number =>
    serving.callsNamed(callId).filter((call) => nameOf(call) === name).length;
  const outside = new OutsideCalls((call) => {
    const { mode, seconds, exceptedUntil } = limitOf(call);
    if (exceptedUntil === undefined) return mode === 'off' ? undefined : seconds;
    return Math.max(seconds, (exceptedUntil - (call.answeredAt ?? 0)) / 1000);
  }, liveOf);
  let settings = options.settings;
  let pins = new PinCheck(settings.policy.pins, options.pinKey);
  let pbx = new Pbx(settings.pbx, observer);
  const placesOf = (uri: string) => options.signaling.placesOf(uri);
  let neighbours = new Neighbours(settings, placesOf);
  const topologyNow = () =>
    createTopology({
      settings: settings.topology,
      secretHeader: settings.pbx.trunkHeader?.name,
      uris,
      isPbx: (host, port) => neighbours.isPbx(host, port),
    });
  let topology = topologyNow();
  const fromPhonesNow = () => hidingPins(topology('access'), gatekeeper.policy.site);
  let fromPhones = fromPhonesNow();
  let draining = false;
  let edge: Edge | undefined;

  // a PBX given by name is a stranger until its addresses are known; DNS that is dead must not keep us closed
  await Promise.race([
    neighbours.known,
    setTimeout(LOOK_UP_PATIENCE_MS, undefined, { ref: false }),
  ]);
  const serving = await options.signaling.serve({
    // what comes before all is up comes again
    request: (incoming) => (edge === undefined ? incoming.drop() : receive(edge, incoming)),
    admits: (listener, address, port, received) =>
      gatekeeper.admits(listener, address, port, received),
    isShutOut: (listener, address, port) => gatekeeper.isShutOut(listener, address, port),
    answersBroken: (flow, problem) =>
      edge === undefined ||
      gatekeeper.answersBroken({
        at: Date.now(),
        source: new SourceFacts(edge, flow),
        problem,
      }),
    realmOf: (source) => neighbours.realmOf(source),
    mayReach: (host, port, from) =>
      from === 'core' ? neighbours.includes(host) : neighbours.isPbx(host, port),
    hides: (from) => (from === 'access' ? fromPhones : topology(from)),
    behind: (uri) => uris.behind(uri),
    hidesFrom: (flow, request) => edge !== undefined && hidesFrom(edge, flow, request),
    hears: (flow) => known.has(flow),
    isEmergency: (requestUri) => gatekeeper.isEmergency(requestUri),
    flowInsteadOf: (token) => flowInsteadOf(registrations, token),
    callStarted(call) {
      const name = nameOf(call);
      leases.started(name);
      outside.started(name, call.startedAt);
      observer.callStarted(call, outside.of(name));
    },
    callEnded(call, why) {
      const name = nameOf(call);
      leases.ended(name);
      observer.callEnded(call, why, outside.of(name));
      outside.ended(name);
    },
  } satisfies Handlers);

  neighbours.separate(serving.listeners);
  const assemble = (): Edge => {
    edge = {
      ...{
        serving,
        settings,
        pbx,
        neighbours,
        registrations,
        gatekeeper,
        pins,
        leases,
        outside,
        bindingToken,
        uris,
        observer,
        guesses,
        attacks,
        lookAlike,
        callChallenges,
        others,
        nodeMarks,
      },
      draining,
    };
    return edge;
  };
  let current = assemble();

  const keepAlive = new KeepAlive(() => current);
  pbx.watch(serving);
  const renewing = setInterval(() => void leases.renew(serving, Date.now()), RENEW_LEASES_EVERY_MS);
  const clock = new ClockSteps();
  const sweeping = setInterval(() => {
    const now = Date.now();
    const setBy = clock.look();
    if (setBy !== 0) {
      registrations.clockSet(setBy);
      gatekeeper.blocks.clockSet(setBy, now);
      attacks.guards.clockSet(setBy, now);
      outside.clockSet(setBy);
      observer.clockSet(setBy);
    }
    registrations.sweep(now);
    gatekeeper.sweep(now);
    attacks.sweep(now);
    for (const call of outside.overdue(now)) {
      const limit = limitOf(call);
      if (limit.mode === 'off') continue;
      if (limit.mode === 'on') serving.end(call.callId, tooLong);
      observer.callOverdue(call, limit);
    }
  }, SWEEP_EVERY_MS);

  return {
    get edge() {
      return current;
    },
    get clockSteps() {
      return clock.count;
    },
    reload(fresh) {
      pbx.close();
      neighbours.close();
      settings = fresh;
      pbx = new Pbx(settings.pbx, observer, pbx);
      neighbours = new Neighbours(settings, placesOf, neighbours);
      topology = topologyNow();
      gatekeeper.reload(settings.policy);
      guesses.reload(settings.policy);
      attacks.reload(settings.policy);
      pins = new PinCheck(settings.policy.pins, options.pinKey);
      fromPhones = fromPhonesNow();
      outside.relimit();
      neighbours.separate(serving.listeners);
      current = assemble();
      pbx.watch(serving);
    },
    drain() {
      draining = true;
      current = assemble();
    },
    async close() {
      clearInterval(sweeping);
      clearInterval(renewing);
      gatekeeper.close();
      keepAlive.close();
      pbx.close();
      neighbours.close();
      await serving.close();
    },
  };
}

/** A PIN was wrong, also where the rule is only in shadow. */
const refusedForPin = (decided: Decided): decided is Decided<'outbound'> => {
  const { verdict, shadows } = decided.decision;
  return [verdict, ...shadows.map((shadow) => shadow.verdict)].some(
    (one) => one.kind !== 'pass' && one.reason === 'pin-wrong',
  );
};

function hidesFrom(edge: Edge, flow: Flow, { method, requestUri }: Message): boolean {
  const { gatekeeper } = edge;
  return gatekeeper.policy.hidesFrom({
    at: Date.now(),
    source: new SourceFacts(edge, flow),
    method,
    emergency: method === 'INVITE' && gatekeeper.isEmergency(requestUri),
  });
}

/** The story of a request, told by where it comes from and what it wants. */
function receive(edge: Edge, incoming: Incoming): void {
  const { request, flow } = incoming;
  const now = Date.now();
  // what may become a call is judged by the facts of one from the start: nothing stands in an emergency call's way
  const opening =
    request.toTag !== '' || request.method === 'REGISTER'
      ? undefined
      : new CallFacts(edge, incoming, now);
  const facts = opening ?? new RequestFacts(edge, incoming, now);
  const decision = edge.gatekeeper.judge('network', facts);
  if (decision.verdict.kind === 'challenge') {
    challengeHere(edge, incoming);
    return;
  }
  if (!admit(incoming, decision, 'turnAway')) return;
  if (request.method === 'OPTIONS' && asksUs(incoming)) {
    // RFC 3261 §11.2: what an INVITE would be told
    if (edge.draining) incoming.answer(503, retryAfter(edge));
    else incoming.answer(200, [{ name: 'Accept', value: 'application/sdp' }]);
    return;
  }
  if (request.toTag !== '' && request.method !== 'REGISTER') inDialog(edge, incoming);
  else if (edge.draining && request.method === 'INVITE' && !facts.emergency)
    incoming.answer(503, retryAfter(edge));
  else if (edge.neighbours.isNode(flow)) fromNode(edge, incoming);
  else if (flow.realm === 'core') fromPbx(edge, incoming, opening);
  else if (breaksSips(request.requestUri, flow) && !facts.emergency) refuseSips(incoming);
  else if (opening === undefined) register(edge, incoming, facts);
  else toPbx(edge, incoming, opening);
}

/** Where a phone that came back is reached now: by the binding that the PBX accepted, or by one that took the place of that flow. */
function flowInsteadOf(registrations: Registrations, token: string): string | undefined {
  const now = Date.now();
  return registrations.named(token, now)?.flow ?? registrations.flowInsteadOf(token, now);
}

/** A Request-URI without a user part means this host itself; in a dialog it may stand for the PBX. */
const asksUs = ({ request, toUs }: Incoming): boolean =>
  asksNextHop(request) || (toUs && !request.requestUri.includes('@') && request.toTag === '');
