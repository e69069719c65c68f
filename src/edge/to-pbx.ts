import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import { parseUri } from '../sip/message/uri.ts';
import { admit } from './admit.ts';
import type { CallFacts } from './call-facts.ts';
import { hasCredentials, unmarkedCredentials } from './credentials.ts';
import type { Edge } from './edge.ts';
import { restoringTo } from './hidden-pins.ts';
import { learnFromRefusal } from './learn-from-answer.ts';
import { type OpenedCall, openCall } from './open-call.ts';
import { sourceOf } from './packed-address.ts';
import { recordsRoute } from './records-route.ts';
import type { HeaderChange, Incoming } from './signaling.ts';
import { stripForPbx } from './strip-for-pbx.ts';
import { admitTransfer } from './transfer.ts';
import { withUser } from './with-user.ts';

/**
 * A phone's or a trunk's request that opens something new: a call, a message, a subscription. Once the rules let it
 * through it goes to the PBX and nowhere else, whatever its Request-URI says; the PBX decides what becomes of it.
 */
export function toPbx(edge: Edge, incoming: Incoming, facts: CallFacts): void {
  const { request, flow } = incoming;
  const stage = flow.realm === 'trunk' ? 'inbound' : 'outbound';
  if (!admit(incoming, edge.gatekeeper.judge(stage, facts))) return;
  const transferred = request.method === 'REFER' ? admitTransfer(edge, incoming) : nothing;
  if (transferred === undefined) return;
  openCall(edge, incoming, facts, (opened) => forward(edge, incoming, facts, transferred, opened));
}

function forward(
  edge: Edge,
  incoming: Incoming,
  facts: CallFacts,
  transferred: readonly HeaderChange[],
  opened: OpenedCall,
): void {
  const { request, flow } = incoming;
  const extension = flow.realm === 'trunk' ? callee(request.requestUri) : caller(incoming);
  const { pbx } = edge;
  const targets = pbx.targetsFor(
    extension.user,
    extension.aor && registeredOn(edge, extension.aor),
  );
  // what was sent to one of the PBX's own places, by a URI of ours, is asked for there
  const requestUri = edge.uris.behind(request.requestUri) ?? uriWithoutPin(facts);
  incoming.forward({
    targets:
      requestUri === undefined ? targets : targets.map((target) => ({ ...target, requestUri })),
    recordRoute: recordsRoute(request.method),
    tryNextAfterMs: pbx.tryNextAfterMs,
    lastToo: pbx.down,
    headers: [...headersForPbx(edge, incoming), ...transferred],
    onRefusal: (response) => learnFromCaller(edge, incoming, extension.user, response),
    ...restoringTo(request, edge.gatekeeper.policy.site),
    onTargetFailed: (target, failure) => {
      if (failure !== 'unavailable') pbx.doubt(target);
    },
    onDone: opened.done,
  });
}

/**
 * A password can be guessed by calls as well. Over UDP that is not counted: the phone that is registered there could be
 * locked out by what others write in its name. What the PBX says goes back as it is.
 */
function learnFromCaller(
  edge: Edge,
  { request, flow }: Incoming,
  extension: string,
  response: Message,
): undefined {
  if (flow.realm !== 'access' || flow.transport === 'udp' || !hasCredentials(request)) return;
  const attempt = { extension, source: sourceOf(flow.address), proven: true };
  learnFromRefusal(edge, attempt, response, Date.now());
}

const nothing: readonly HeaderChange[] = [];

/** O3: a PIN is for the gate. */
function uriWithoutPin({ method, calledUri, dialled }: CallFacts): string | undefined {
  return method === 'INVITE' && dialled.pin !== undefined
    ? withUser(calledUri, dialled.digits)
    : undefined;
}

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
  const changes = [
    ...stripForPbx(edge, request),
    ...unmarkedCredentials(request, edge.guesses.marks),
  ];
  if (trunkHeader === undefined || flow.realm !== 'trunk') return changes;
  return [...changes.filter(({ name }) => name !== trunkHeader.name), trunkHeader];
}
