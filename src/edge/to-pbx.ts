import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import { parseUri } from '../sip/message/uri.ts';
import { admit } from './admit.ts';
import type { CallFacts } from './call-facts.ts';
import { challengeHere } from './challenge-here.ts';
import { areForOurs, areProven, bringsPassword } from './credentials.ts';
import type { Edge } from './edge.ts';
import { withoutForeignDiversions } from './foreign-names.ts';
import { restoringTo } from './hidden-pins.ts';
import { later } from './later.ts';
import {
  type Attempt,
  asStale,
  beginTrying,
  learnFromRefusals,
  refusalChallenges,
} from './learn-from-answer.ts';
import { type OpenedCall, openCall } from './open-call.ts';
import { sourceOf } from './packed-address.ts';
import {
  credentialsForPbx,
  extensionsTried,
  isNewThere,
  type Password,
  passwordOf,
} from './password-of.ts';
import { recordsRoute } from './records-route.ts';
import type { HeaderChange, Incoming, OwnAnswer } from './signaling.ts';
import { stripForPbx } from './strip-for-pbx.ts';
import { admitTransfer } from './transfer.ts';
import { nameIn } from './user-part.ts';
import { asJudged } from './with-user.ts';

/**
 * A phone's or a trunk's request that opens something new: a call, a message, a subscription. Once the rules let it
 * through it goes to the PBX and nowhere else, whatever its Request-URI says; the PBX decides what becomes of it.
 */
export function toPbx(edge: Edge, incoming: Incoming, facts: CallFacts): void {
  const { request, flow } = incoming;
  const stage = flow.realm === 'trunk' ? 'inbound' : 'outbound';
  if (stage === 'outbound' && request.method === 'INVITE' && !facts.emergency)
    edge.attacks.calls(facts);
  const decision = edge.gatekeeper.judge(stage, facts);
  if (decision.verdict.kind === 'challenge') {
    challengeHere(edge, incoming);
    return;
  }
  if (!admit(incoming, decision)) return;
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
  const tried = extensionsTried(edge, incoming, facts);
  const password = passwordOf(edge, incoming, facts, tried);
  if (password === 'withheld' && !facts.emergency) {
    const [first = ''] = tried;
    const go = later(edge, incoming, () => forward(edge, incoming, facts, transferred, opened));
    const source = sourceOf(flow.address);
    if (edge.guesses.waits(first, source, go) || edge.guesses.waitsAmongNew(source, go)) return;
  }
  const attempts = password === 'tried' ? attemptsOf(edge, incoming, facts, tried) : noAttempts;
  const over = beginTrying(edge, facts.onOwnFlow ? noAttempts : attempts);
  const restoring = restoringTo(request, edge.gatekeeper.policy.site);
  const targets = pbx.targetsFor(
    extension.user,
    extension.aor && registeredOn(edge, extension.aor),
  );
  const requestUri = uriForPbx(facts, request);
  incoming.forward({
    targets:
      requestUri === undefined ? targets : targets.map((target) => ({ ...target, requestUri })),
    recordRoute: recordsRoute(request.method),
    tryNextAfterMs: pbx.tryNextAfterMs,
    lastToo: pbx.down,
    headers: [
      ...headersForPbx(edge, incoming, password),
      ...diversionsForPbx(edge, incoming, facts),
      ...transferred,
    ],
    onRefusal(response) {
      over();
      return toldToCaller(edge, incoming, attempts, response, password);
    },
    onAnswer(response, target) {
      over(); // it rings: the password was right
      opened.answers(response.status);
      return restoring.onAnswer?.(response, target);
    },
    onTargetFailed: (target, failure) => {
      if (failure !== 'unavailable') pbx.doubt(target);
    },
    onDone(status) {
      over();
      // of phones: carriers and guests are asked for no password
      if (
        facts.method === 'INVITE' &&
        facts.registered &&
        (password !== 'tried' || !bringsPassword(request))
      )
        edge.callChallenges.learn(status);
      opened.done(status);
    },
  });
}

/**
 * A password can be guessed by calls as well. Over UDP that counts where it answers a challenge that went to that very
 * source: the phone that is registered there could else be locked out by what others write in its name. So a challenge
 * gets a mark of ours there; whatever else the PBX says goes back as it is.
 */
function toldToCaller(
  edge: Edge,
  { request, flow }: Incoming,
  attempts: readonly Attempt[],
  response: Message,
  password: Password,
): OwnAnswer | undefined {
  if (flow.realm !== 'access') return undefined;
  const { marks } = edge.guesses;
  const now = Date.now();
  const source = sourceOf(flow.address);
  const isWornOut = learnFromRefusals(edge, attempts, request, response, now);
  const challenges = refusalChallenges(response);
  const isOld = isWornOut || password === 'unproven' || areForOurs(request, marks);
  if (flow.transport !== 'udp' || challenges.length === 0) return undefined;
  const headers = challenges.map(({ name, value = '' }) => ({
    name,
    value: marks.mark(isOld ? asStale(value) : value, source, now),
  }));
  return { status: response.status, headers };
}

/** What a password that is tried counts as. */
function attemptsOf(
  edge: Edge,
  incoming: Incoming,
  facts: CallFacts,
  tried: readonly string[],
): readonly Attempt[] {
  if (tried.length === 0) return noAttempts;
  const { request, flow } = incoming;
  const { at } = facts;
  const { marks } = edge.guesses;
  if (areForOurs(request, marks) || !areProven(request, flow, marks, at)) return noAttempts;
  const source = sourceOf(flow.address);
  return tried.map((extension, index) => ({
    ...{ extension, source, proven: true },
    isNew: index === 0 && !facts.onOwnFlow && isNewThere(edge, incoming, facts, extension),
  }));
}

const nothing: readonly HeaderChange[] = [];
const noAttempts: readonly Attempt[] = [];

/**
 * O3: a PIN is for the gate. What was sent to one of the PBX's own places, by a URI of ours, is asked for there.
 * Carriers write into the user part what the PBX may need.
 */
function uriForPbx(facts: CallFacts, { requestUri }: Message): string | undefined {
  const { method, calledUri, source } = facts;
  const judged =
    method === 'INVITE' && (source.realm === 'access' || facts.dialled.pin !== undefined);
  const uri = judged ? asJudged(calledUri, facts.dialled) : calledUri;
  return uri === requestUri ? undefined : uri;
}

interface Extension {
  readonly user: string;
  readonly aor: string | undefined;
}

function caller({ request }: Incoming): Extension {
  const uri = parseUri(parseNameAddress(request.value(Header.from) ?? '')?.uri ?? '');
  if (uri === undefined) return { user: '', aor: undefined };
  return { user: uri.user, aor: `${nameIn(uri.user)}@${uri.host}` };
}

const callee = (requestUri: string): Extension => ({
  user: parseUri(requestUri)?.user ?? requestUri,
  aor: undefined,
});

const registeredOn = (edge: Edge, aor: string): string | undefined =>
  edge.registrations.of(aor)[0]?.node;

/**
 * Who is trusted, and a gateway that need not register, shows whom it likes. A carrier knows none of our extensions: what
 * is named so beyond it is somebody else, or a caller who wants his call to go on by the rights of one here.
 */
function diversionsForPbx(
  edge: Edge,
  { request }: Incoming,
  facts: CallFacts,
): readonly HeaderChange[] {
  const shown = facts.registered && facts.source.tier !== 'trusted';
  if (facts.method !== 'INVITE' || !(shown || facts.source.realm === 'trunk')) return nothing;
  const { extension, profile, dialled } = facts;
  const whose = { extension, profile, called: dialled.digits };
  return withoutForeignDiversions(request, whose, edge.gatekeeper.policy.site);
}

/** The header by which the PBX tells a trunk's call is put on by us, and by nobody else. */
function headersForPbx(
  edge: Edge,
  { request, flow }: Incoming,
  password: Password,
): readonly HeaderChange[] {
  const { trunkHeader } = edge.settings.pbx;
  const changes = [...stripForPbx(edge, request), ...credentialsForPbx(edge, request, password)];
  if (trunkHeader === undefined || flow.realm !== 'trunk') return changes;
  return [...changes.filter(({ name }) => name !== trunkHeader.name), trunkHeader];
}
