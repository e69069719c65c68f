import { callKeys, countsAlready } from '../policy/call-keys.ts';
import { leavesTheHouse } from '../policy/leaves-the-house.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { admit } from './admit.ts';
import type { CallFacts } from './call-facts.ts';
import { callName, nameOf } from './call-name.ts';
import type { Edge } from './edge.ts';
import { later } from './later.ts';
import type { Limit } from './live-counters.ts';
import { saysForwarded } from './on-behalf-of.ts';
import type { HeldByOthers } from './other-nodes.ts';
import type { OutsideCall } from './outside-calls.ts';
import { callsIn } from './replaced-calls.ts';
import { retryAfter } from './retry-after.ts';
import type { Incoming } from './signaling.ts';

/** A request that was let through, and what is to be told how it came out. */
export interface OpenedCall {
  /** Of each answer that is passed back. */
  readonly answers: (status: number) => void;
  readonly done: (status: number) => void;
  /** Where it is a call outside. */
  readonly outside: OutsideCall | undefined;
}

/** The places of a call, from when it has them. */
type Places = Pick<OpenedCall, 'answers' | 'done'>;

const ignores = (): void => {};
const noCall: OpenedCall = { answers: ignores, done: ignores, outside: undefined };

/**
 * A call was let through by the rules: it takes its places, on all nodes together where others hold some, and `go` is
 * told. Where there is no room for it, it is refused. Emergency calls have no limits, so nothing is kept of them.
 */
export function openCall(
  edge: Edge,
  incoming: Incoming,
  facts: CallFacts,
  go: (opened: OpenedCall) => void,
): void {
  const { request } = incoming;
  const limits = edge.others === undefined ? noLimits : edge.gatekeeper.takeLimits();
  if (request.method !== 'INVITE') {
    go(noCall);
    return;
  }
  if (facts.emergency) edge.observer.emergency(facts);
  // nobody in need takes the place of a call: what does is that call, which has its limits
  if (facts.emergency && replacedBy(edge, facts, request) === undefined) {
    go(noCall);
    return;
  }
  const name = callName(facts);
  const keys = callKeys(facts);
  const inDoubt = facts.doubtful && edge.gatekeeper.policy.wantsProofOf(facts);
  if (inDoubt && edge.callChallenges.usual) {
    go(opened(edge, request, name, facts, doubted(edge, name, keys, facts.at)));
    return;
  }
  const rest = countsAlready(facts) ? facts.continues?.name : undefined;
  const lease = edge.leases.open(name, keys, facts.at, rest);
  if (lease === undefined) {
    incoming.answer(503, retryAfter(edge));
    return;
  }
  const { others } = edge;
  if (others === undefined || limits.length === 0) {
    edge.leases.made(name, keys, facts.at);
    go(opened(edge, request, name, facts, withPlaces(lease)));
    return;
  }
  const { ledger } = edge.leases;
  const places = limits.map(({ key, most }) => ({ key, most, calls: ledger.live(key) }));
  const decided = later(edge, incoming, (held: HeldByOthers) => {
    const stage = facts.source.realm === 'trunk' ? 'inbound' : 'outbound';
    const decision = edge.gatekeeper.judgeAmongNodes(stage, facts, held);
    if (admit(incoming, decision)) {
      edge.leases.made(name, keys, facts.at);
      go(opened(edge, request, name, facts, withPlaces(lease)));
    } else lease(REFUSED);
  });
  others.ask(places, decided);
}

const noLimits: readonly Limit[] = [];

/** Whatever the caller was told: no call came of it. */
const REFUSED = 486;

/**
 * Over UDP anybody may have sent it in the name of a phone, and the PBX is about to ask for a password: it is nobody's
 * call until it rings or is answered. Else who forges a phone's address could take its places, and be it only until he
 * is challenged (N12). A refusal says nothing of who called: many a PBX looks first whether it can serve a call at all.
 */
function doubted(edge: Edge, name: string, keys: readonly string[], at: number): Places {
  let lease: ((status: number) => void) | undefined;
  let made = false;
  const answers = (status: number): void => {
    if (made || status <= 100 || status >= 300) return;
    made = true;
    edge.leases.made(name, keys, at);
    lease = edge.leases.open(name, keys, at);
  };
  return {
    answers,
    done(status) {
      answers(status);
      lease?.(status);
    },
  };
}

/**
 * The call outside whose place this one is to take, whomever it says that it calls: a phone that calls in the house,
 * and takes the place of a call of its own, goes on with that.
 */
function replacedBy(edge: Edge, { source }: CallFacts, request: Message): OutsideCall | undefined {
  const replaces = request.value(Header.replaces);
  if (replaces === undefined || source.realm !== 'access') return undefined;
  for (const call of callsIn(edge, replaces)) {
    const outside = edge.outside.of(nameOf(call));
    if (outside !== undefined) return outside;
  }
  return undefined;
}

const withPlaces = (lease: (status: number) => void): Places => ({ answers: ignores, done: lease });

function opened(
  edge: Edge,
  request: Message,
  name: string,
  facts: CallFacts,
  { answers, done: settle }: Places,
): OpenedCall {
  const { callId } = facts;
  const counted = (status: number): void => {
    settle(status);
    if (status >= 300) edge.observer.callFailed(callId, status);
  };
  edge.observer.admitted(facts);
  const replaced = replacedBy(edge, facts, request);
  if (replaced === undefined && (facts.source.realm === 'trunk' || !leavesTheHouse(facts)))
    return { answers, done: counted, outside: undefined };
  const { call, done } =
    replaced === undefined
      ? edge.outside.open(name, facts, saysForwarded(request))
      : edge.outside.takeOver(name, replaced, facts);
  return {
    answers,
    outside: call,
    done(status) {
      counted(status);
      done(status);
    },
  };
}
