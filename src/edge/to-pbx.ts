import { callKeys } from '../policy/call-keys.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import { parseUri } from '../sip/message/uri.ts';
import { admit } from './admit.ts';
import type { CallFacts } from './call-facts.ts';
import { answersOurChallenge, hasCredentials } from './credentials.ts';
import type { Edge } from './edge.ts';
import { learnFromRefusal } from './learn-from-answer.ts';
import { sourceOf } from './packed-address.ts';
import { recordsRoute } from './records-route.ts';
import { retryAfter } from './retry-after.ts';
import type { HeaderChange, Incoming } from './signaling.ts';
import { stripForPbx } from './strip-for-pbx.ts';

/**
 * A phone's or a trunk's request that opens something new: a call, a message, a subscription. Once the rules let it
 * through it goes to the PBX and nowhere else, whatever its Request-URI says; the PBX decides what becomes of it.
 */
export function toPbx(edge: Edge, incoming: Incoming, facts: CallFacts): void {
  const { request, flow } = incoming;
  const stage = flow.realm === 'trunk' ? 'inbound' : 'outbound';
  if (!admit(incoming, edge.gatekeeper.judge(stage, facts))) return;
  const onDone = request.method === 'INVITE' ? openCall(edge, facts) : noCall;
  if (onDone === undefined) {
    incoming.answer(503, retryAfter(edge));
    return;
  }
  const extension = flow.realm === 'trunk' ? callee(request.requestUri) : caller(incoming);
  const { pbx } = edge;
  const targets = pbx.targetsFor(
    extension.user,
    extension.aor && registeredOn(edge, extension.aor),
  );
  // what was sent to one of the PBX's own places, by a URI of ours, is asked for there
  const requestUri = edge.uris.behind(request.requestUri);
  incoming.forward({
    targets:
      requestUri === undefined ? targets : targets.map((target) => ({ ...target, requestUri })),
    recordRoute: recordsRoute(request.method),
    tryNextAfterMs: pbx.tryNextAfterMs,
    headers: headersForPbx(edge, incoming),
    onRefusal: (response) => learnFromCaller(edge, incoming, extension.user, response),
    onTargetFailed: (target, failure) => {
      if (failure !== 'unavailable') pbx.doubt(target);
    },
    onDone,
  });
}

/** A password can be guessed by calls as well. What the PBX says goes back as it is. */
function learnFromCaller(
  edge: Edge,
  incoming: Incoming,
  user: string,
  response: Message,
): undefined {
  const { flow, request } = incoming;
  if (flow.realm !== 'access' || (response.status !== 401 && response.status !== 407)) return;
  const now = Date.now();
  const proven = hasCredentials(request) && answersOurChallenge(edge, incoming, now);
  learnFromRefusal(
    edge,
    { extension: user, source: sourceOf(flow.address), proven },
    response,
    now,
  );
}

/** What is to be told how the call came out; undefined when the gate holds as many calls as it can. */
function openCall(edge: Edge, facts: CallFacts): ((status: number) => void) | undefined {
  if (facts.emergency) {
    edge.observer.emergency(facts);
    return noCall;
  }
  const onDone = edge.leases.open(facts, callKeys(facts));
  if (onDone !== undefined) edge.observer.admitted(facts);
  return onDone;
}

const noCall = (): void => {};

interface Extension {
  readonly user: string;
  readonly aor: string | undefined;
}

function caller({ request }: Incoming): Extension {
  const uri = parseUri(parseNameAddress(request.value(Header.from) ?? '')?.uri ?? '');
  if (uri === undefined) return { user: '', aor: undefined };
  return { user: uri.user, aor: `${uri.user}@${uri.host}` };
}

const callee = (requestUri: string): Extension => ({
  user: parseUri(requestUri)?.user ?? requestUri,
  aor: undefined,
});

const registeredOn = (edge: Edge, aor: string): string | undefined =>
  edge.registrations.of(aor)[0]?.node;

/** The header by which the PBX tells a trunk's call is put on by us, and by nobody else. */
function headersForPbx(edge: Edge, { request, flow }: Incoming): readonly HeaderChange[] {
  const { trunkHeader } = edge.settings.pbx;
  const changes = stripForPbx(edge, request);
  if (trunkHeader === undefined || flow.realm !== 'trunk') return changes;
  return [...changes.filter(({ name }) => name !== trunkHeader.name), trunkHeader];
}
