import { questionOf } from '../policy/asking/question-of-facts.ts';
import { failureKind } from '../policy/failure-kinds.ts';
import type { Decision } from '../policy/policy.ts';
import type { Refused } from '../policy/verdict.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import { parseUri } from '../sip/message/uri.ts';
import { admit } from './admit.ts';
import { challengeAnew, saidStale } from './challenge-anew.ts';
import {
  comeBackSoon,
  cutContacts,
  hidePath,
  type ListedContact,
  listedContacts,
  restoreContacts,
} from './contacts-in-answer.ts';
import { onlyCredentials } from './credentials.ts';
import { contactFacts } from './devices.ts';
import type { Edge } from './edge.ts';
import { seconds } from './expiry-bounds.ts';
import { later } from './later.ts';
import {
  type Attempt,
  beginTrying,
  learnFromRefusals,
  noteFailure,
  refusalChallenges,
} from './learn-from-answer.ts';
import { judgePasswords, othersTried, type Password } from './password-of.ts';
import type { PbxNode } from './pbx.ts';
import type { AskedContact, Registration } from './registration.ts';
import { RegistrationFacts } from './registration-facts.ts';
import type { Binding, Reach } from './registrations.ts';
import type { RequestFacts } from './request-facts.ts';
import { retryAfter } from './retry-after.ts';
import type { Incoming, OwnAnswer, Target } from './signaling.ts';
import { toldToStrangers } from './told-to-strangers.ts';
import { headersToward, ownAddress, towardPbx } from './toward-registrar.ts';
import { nameIn } from './user-part.ts';

/** RFC 3261 §10.3: what a registrar grants when nobody said how long. */
const DEFAULT_EXPIRES = 3600;

/**
 * A phone registers. The PBX decides whether it may; we see to it that the PBX reaches the phone through us,
 * over the flow this request came by, and that the phone sees its own Contacts in the answer (S3, I4).
 */
export function register(edge: Edge, incoming: Incoming, { at, source }: RequestFacts): void {
  const { request, flow } = incoming;
  if (flow.realm !== 'access') {
    incoming.answer(403);
    return;
  }
  const who = whoIn(request);
  if (who === undefined) {
    const broken = { at, source, problem: 'to' };
    if (edge.gatekeeper.answersBroken(broken)) incoming.answer(400);
    else incoming.drop();
    return;
  }
  const { pbx, registrations } = edge;
  const { extension, host } = who;
  const aor = `${extension}@${host}`;
  const known = registrations.of(aor);
  const { changes } = registrations;
  const asked = askedContacts(edge, request, aor, known);
  const facts = new RegistrationFacts(edge, incoming, { at, source }, extension, asked);
  const decision = edge.gatekeeper.judge('registration', facts);
  const { verdict, adjust } = decision;
  if (verdict.kind !== 'pass') noteRefusal(edge, facts, verdict);
  const targets = pbx.targetsFor(extension, pbx.homeOf(known[0]?.node));
  if (verdict.kind === 'challenge') {
    challengeAnew(edge, incoming, { targets, source: facts.source.key, adjust, verdict });
    return;
  }
  if (!admit(incoming, decision)) return;
  if (registrations.full && asked.some(({ binding }) => binding === undefined)) {
    incoming.answer(503, retryAfter(edge));
    return;
  }
  const others = facts.credentials ? othersTried(edge, facts, request) : nobody;
  const judged = { facts, aor, request, flow, known, changes, asked, adjust, targets, others };
  goOn(edge, incoming, judged, facts, others);
}

/** A registration that the rules let through. */
interface Judged
  extends Pick<Registration, 'facts' | 'aor' | 'request' | 'flow' | 'known' | 'changes' | 'asked'> {
  readonly adjust: Decision['adjust'];
  readonly targets: readonly Target[];
  /** At whom else its password may be tried. */
  readonly others: readonly string[];
}

/**
 * It waits where the PBX is asked about too many other passwords just now: a PBX that registers many numbers by one name
 * does so at once. Meanwhile others may have failed at any of them.
 */
function goOn(
  edge: Edge,
  incoming: Incoming,
  judged: Judged,
  asked: Pick<RequestFacts, 'at' | 'source'>,
  tried: readonly string[],
): void {
  const { facts, others } = judged;
  const { source } = facts;
  const { guesses } = edge;
  const password = judgePasswords(edge, incoming, asked, tried);
  const isOneOfMany = password === 'tried' && facts.isNewThere && guesses.triesManyNew(source.key);
  if (password !== 'withheld' && !isOneOfMany) {
    toRegistrar(edge, incoming, judged, password);
    return;
  }
  const go = later(edge, incoming, () => {
    const again = facts.holder ? others : [facts.extension, ...others];
    goOn(edge, incoming, judged, { at: Date.now(), source }, again);
  });
  const waits = isOneOfMany
    ? guesses.waitsAmongNew(source.key, go)
    : others.some((extension) => guesses.waits(extension, source.key, go));
  if (waits) return;
  // without its password it would be asked for it again, as if it had been wrong
  if (guesses.isCrowded) incoming.answer(503, retryAfter(edge));
  else toRegistrar(edge, incoming, judged, 'withheld');
}

function toRegistrar(
  edge: Edge,
  incoming: Incoming,
  { facts, aor, request, flow, known, changes, asked, adjust, targets, others }: Judged,
  password: Password,
): void {
  const { pbx } = edge;
  const [first] = targets;
  const registration: Registration = {
    facts,
    password,
    aor,
    request,
    flow,
    known,
    changes,
    asked,
    toward: towardPbx(edge, first),
    bounds: adjust?.expires,
    keepDevices: adjust?.keepDevices,
    going: adjust?.keepDevices === undefined ? none : facts.registered.beyond(adjust.keepDevices),
  };
  // nodes may differ in what we are called toward them, and in whether they keep a Path
  const perNode: ReadonlyMap<Target, Registration> | undefined =
    targets.length < 2
      ? undefined
      : new Map(targets.map((node) => [node, { ...registration, toward: towardPbx(edge, node) }]));
  const toldTo = (target: Target): Registration => perNode?.get(target) ?? registration;
  const attempts =
    facts.credentials && password === 'tried' ? attemptsOf(facts, others) : noAttempts;
  const over = beginTrying(edge, attempts);
  incoming.forward({
    targets,
    tryNextAfterMs: pbx.tryNextAfterMs,
    headers: perNode === undefined ? headersToward(edge, registration, first) : undefined,
    headersFor: perNode && ((target) => headersToward(edge, toldTo(target), target)),
    onAnswer: (response, target) => {
      if (response.status < 200 || response.status > 299) return undefined;
      const node = pbx.nodeOf(target);
      const told = toldTo(target);
      const listed =
        told.toward === 'contact'
          ? listedContacts(response, asked, ownAddress(edge, target))
          : listedContacts(response);
      over();
      if (facts.credentials && !facts.holder)
        edge.guesses.succeeded(facts.extension, facts.source.key);
      if (attempts[0]?.proven === true) noteTaken(edge, attempts[0], request);
      noteBindings(edge, told, node, listed, response);
      if (told.toward === 'contact') return restoreContacts(edge, told, listed, response);
      return noticeDroppedPath(edge, response, asked, node)
        ? comeBackSoon(listed)
        : [...hidePath(response), ...cutContacts(told, listed, response)];
    },
    onRefusal: (response) => {
      over();
      const now = Date.now();
      const isWornOut = learnFromRefusals(edge, attempts, request, response, now);
      const told = toldToStrangers(edge, facts.source.key, response, adjust, now);
      if (isWornOut) return saidStale(told ?? asItIs(response));
      return facts.answersOurs ? saidStale(told) : told;
    },
    onTargetFailed: (target, failure) => {
      if (failure !== 'unavailable') pbx.doubt(target);
    },
    onDone: over,
  });
}

function noteTaken({ guesses }: Edge, { extension, source }: Attempt, request: Message): void {
  const credentials = onlyCredentials(request);
  if (credentials !== undefined) guesses.marks.took(credentials, extension, source, Date.now());
}

const asItIs = (response: Message): OwnAnswer => ({
  status: response.status,
  headers: refusalChallenges(response),
});

/** Who the To header says it is: the user as the PBX may understand it, and the host in lower case. */
function whoIn(request: Message): { extension: string; host: string } | undefined {
  const uri = parseUri(parseNameAddress(request.value(Header.to) ?? '')?.uri ?? '');
  return uri && { extension: nameIn(uri.user), host: uri.host };
}

function attemptOf(facts: RegistrationFacts): Attempt {
  const { extension, source } = facts;
  const brings = facts.credentials && !facts.answersOurs;
  const proven = brings && facts.proven;
  return { extension, source: source.key, proven, unproven: brings && !proven };
}

/** At everybody whose password it may have been. */
function attemptsOf(facts: RegistrationFacts, others: readonly string[]): readonly Attempt[] {
  const attempt = attemptOf(facts);
  return [
    { ...attempt, isNew: facts.isNewThere },
    ...others.map((extension) => ({ ...attempt, extension })),
  ];
}

/**
 * Whoever shows credentials and is refused is counted as if the PBX had refused him: nobody learns by that which it
 * was.
 */
function noteRefusal(edge: Edge, facts: RegistrationFacts, { reason }: Refused): void {
  const kind = failureKind(reason);
  if (kind === undefined && reason !== 'guessed-by-many') return;
  const attempt = attemptOf(facts);
  if (!attempt.proven) return;
  if (kind !== undefined) noteFailure(edge, attempt, kind, facts.at);
  else edge.attacks.keptOut(attempt.extension, attempt.source, facts.at);
}

function askedContacts(
  edge: Edge,
  request: Message,
  aor: string,
  known: readonly Binding[],
): AskedContact[] {
  const expires = seconds(request.value(Header.expires)) ?? DEFAULT_EXPIRES;
  const asked: AskedContact[] = [];
  if (request.find(Header.contact) < 0) return asked;
  for (const value of request.list(Header.contact)) {
    const contact = parseNameAddress(value);
    if (contact === undefined || contact.uri === '*') continue;
    const binding = known.find((one) => one.contact === contact.uri);
    const said = contactFacts(contact.parameters);
    asked.push({
      uri: contact.uri,
      user: parseUri(contact.uri)?.user ?? '',
      parameters: contact.parameters,
      binding,
      token: binding?.token ?? edge.bindingToken(aor, contact.uri),
      expires: seconds(said.expires) ?? expires,
      instance: said.instance,
    });
  }
  return asked;
}

/** Takes note of what the PBX granted, and of what it dropped. */
function noteBindings(
  edge: Edge,
  registration: Registration,
  node: PbxNode | undefined,
  listed: readonly ListedContact[],
  response: Message,
): void {
  const { registrations } = edge;
  const { aor, request, asked, toward, bounds, going, keepDevices, facts } = registration;
  const now = Date.now();
  const cameBetween = registrations.changes !== registration.changes;
  for (const binding of going) registrations.remove(binding);
  for (const contact of asked) {
    const key = toward === 'contact' ? contact.token : contact.uri;
    const answer = listed.find((one) => one.key === key);
    const granted =
      answer?.contact === undefined
        ? 0
        : (answer.expires ?? seconds(response.value(Header.expires)) ?? contact.expires);
    const lasts = Math.min(granted, bounds?.most ?? granted);
    // another registration may have come in between: what is known now counts
    const binding =
      contact.binding !== undefined && registrations.has(contact.binding)
        ? contact.binding
        : registrations.named(contact.token, 0);
    if (contact.expires > 0 && lasts > 0) {
      const reach = reachOf(registration, contact, node, now + lasts * 1000);
      if (binding === undefined) {
        // before it counts as registered itself
        const what = questionOf(registration.facts);
        const added = registrations.add(aor, contact.uri, contact.token, reach);
        edge.observer.registered(added, what);
      } else registrations.refresh(binding, reach, now);
    } else if (binding !== undefined) registrations.remove(binding);
  }
  // those were no devices yet when this one was let in; who is forgotten so learns it when he refreshes
  if (cameBetween && keepDevices !== undefined)
    for (const binding of facts.beyondNow(keepDevices)) registrations.remove(binding);
  // `Contact: *`, and bindings the PBX let go to make room; a query that lists none says so too
  const everything = request.value(Header.contact) === '*';
  const known =
    registrations.changes === registration.changes ? registration.known : registrations.of(aor);
  if (
    !everything &&
    known.length === asked.length &&
    asked.every(({ token }) => isAmong(known, token))
  )
    return;
  const nodeName = node?.settings.name ?? '';
  for (const binding of known) {
    const key = toward === 'contact' ? binding.token : binding.contact;
    const gone =
      binding.toward === toward &&
      binding.node === nodeName &&
      !listed.some((one) => one.key === key);
    if (everything || gone) registrations.remove(binding);
  }
}

const isAmong = (known: readonly Binding[], token: string): boolean =>
  known.some((binding) => binding.token === token);

const reachOf = (
  { request, flow, toward }: Registration,
  { instance }: AskedContact,
  node: PbxNode | undefined,
  expiresAt: number,
): Reach => ({
  flow: flow.token,
  transport: flow.transport,
  listener: flow.listener.name,
  address: flow.address,
  port: flow.port,
  toward,
  expiresAt,
  userAgent: request.value(Header.userAgent) ?? '',
  callId: request.callId,
  cseq: request.cseq,
  node: node?.settings.name ?? '',
  instance,
});

/** A registrar that keeps the Path puts it into the 200 (RFC 3327 §5.3). One that does not will go around us. */
function noticeDroppedPath(
  edge: Edge,
  response: Message,
  asked: readonly AskedContact[],
  node: PbxNode | undefined,
): boolean {
  const [contact] = asked;
  if (contact === undefined || contact.expires === 0 || node === undefined) return false;
  if (response.list(Header.path).some((path) => path.includes(contact.token))) return false;
  if (!node.dropsPath) edge.observer.pathDropped(node.settings.name);
  node.dropsPath = true;
  return true;
}

const none: readonly Binding[] = [];
const noAttempts: readonly Attempt[] = [];
const nobody: readonly string[] = [];
