import { questionOf } from '../policy/asking/question-of-facts.ts';
import { failureKind } from '../policy/failure-kinds.ts';
import type { Refused } from '../policy/verdict.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import {
  headerParameter,
  type NameAddress,
  parseNameAddress,
} from '../sip/message/name-address.ts';
import { isSips, parseUri, uriParameter } from '../sip/message/uri.ts';
import { admit } from './admit.ts';
import { TOKEN_PARAMETER } from './binding-token.ts';
import { challengeAnew, saidStale } from './challenge-anew.ts';
import { contactFacts } from './devices.ts';
import type { Edge } from './edge.ts';
import { bounded, type ExpiryBounds, withExpires } from './expiry-bounds.ts';
import { type Attempt, learnFromRefusal, noteFailure } from './learn-from-answer.ts';
import { credentialsForPbx, judgePassword, type Password, registrarOf } from './password-of.ts';
import type { PbxNode } from './pbx.ts';
import { RegistrationFacts } from './registration-facts.ts';
import type { Binding, Reach } from './registrations.ts';
import type { RequestFacts } from './request-facts.ts';
import { retryAfter } from './retry-after.ts';
import type { Flow, HeaderChange, Incoming, Target } from './signaling.ts';
import { stripForPbx } from './strip-for-pbx.ts';
import { toldToStrangers } from './told-to-strangers.ts';
import { nameIn } from './user-part.ts';

/** RFC 3261 §10.3: what a registrar grants when nobody said how long. */
const DEFAULT_EXPIRES = 3600;
const SOON_SECONDS = 30;
const OVER_TLS = ';transport=tls';

interface AskedContact {
  readonly uri: string;
  readonly user: string;
  /** The header's parameters: expires, q, +sip.instance; passed on as they are. */
  readonly parameters: string;
  /** What is registered of it already. */
  readonly binding: Binding | undefined;
  readonly token: string;
  readonly expires: number;
  /** As `contactFacts` has it. */
  readonly instance: string;
}

/** A registration under way: what the phone asked for, and how the PBX is told. */
interface Registration {
  readonly facts: RegistrationFacts;
  readonly password: Password;
  readonly aor: string;
  readonly request: Message;
  readonly flow: Flow;
  readonly known: readonly Binding[];
  /** Of all registrations, at the time of `known`. */
  readonly changes: number;
  readonly asked: readonly AskedContact[];
  readonly toward: 'contact' | 'path';
  /** Seconds that the rules allow. */
  readonly bounds: ExpiryBounds | undefined;
  /** What the PBX and we are to forget of the extension's other devices. */
  readonly going: readonly Binding[];
}

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
  const [first] = targets;
  const registrar = facts.credentials ? registrarOf(facts) : undefined;
  const password =
    registrar === undefined ? 'tried' : judgePassword(edge, incoming, facts, registrar);
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
    going: adjust?.keepDevices === undefined ? none : facts.registered.beyond(adjust.keepDevices),
  };
  // nodes may differ in what we are called toward them, and in whether they keep a Path
  const perNode: ReadonlyMap<Target, Registration> | undefined =
    targets.length < 2
      ? undefined
      : new Map(targets.map((node) => [node, { ...registration, toward: towardPbx(edge, node) }]));
  const toldTo = (target: Target): Registration => perNode?.get(target) ?? registration;
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
      if (facts.credentials && !facts.holder)
        edge.guesses.succeeded(facts.extension, facts.source.key);
      noteBindings(edge, told, node, listed, response);
      if (told.toward === 'contact') return restoreContacts(edge, told, listed, response);
      return noticeDroppedPath(edge, response, asked, node)
        ? comeBackSoon(listed)
        : [...hidePath(response), ...cutContacts(told, listed, response)];
    },
    onRefusal: (response) => {
      const now = Date.now();
      if (password === 'tried')
        for (const attempt of attemptsOf(facts, registrar))
          learnFromRefusal(edge, attempt, response, now);
      const told = toldToStrangers(edge, facts.source.key, response, adjust, now);
      return facts.answersOurs ? saidStale(told) : told;
    },
    onTargetFailed: (target, failure) => {
      if (failure !== 'unavailable') pbx.doubt(target);
    },
  });
}

/** Who the To header says it is: the user as the PBX may understand it, and the host in lower case. */
function whoIn(request: Message): { extension: string; host: string } | undefined {
  const uri = parseUri(parseNameAddress(request.value(Header.to) ?? '')?.uri ?? '');
  return uri && { extension: nameIn(uri.user), host: uri.host };
}

const attemptOf = (facts: RegistrationFacts): Attempt => ({
  extension: facts.extension,
  source: facts.source.key,
  proven: facts.credentials && facts.proven && !facts.answersOurs,
});

/** At everybody whose password it may have been. */
function attemptsOf(facts: RegistrationFacts, registrar: string | undefined): readonly Attempt[] {
  const attempt = attemptOf(facts);
  return registrar === undefined ? [attempt] : [attempt, { ...attempt, extension: registrar }];
}

/** Whoever shows credentials and is refused is counted as if the PBX had refused him: nobody learns by that which it was. */
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

function towardPbx(edge: Edge, target: Target | undefined): 'contact' | 'path' {
  if (edge.settings.registration.toward === 'contact' || target === undefined) return 'contact';
  return edge.pbx.nodeOf(target)?.dropsPath === true ? 'contact' : 'path';
}

const ownAddress = ({ pbx, serving }: Edge, target: Target): string =>
  pbx.nodeOf(target)?.ownAddress(serving) ?? serving.ownAddress(target);

function headersToward(
  edge: Edge,
  registration: Registration,
  target: Target | undefined,
): readonly HeaderChange[] {
  const { request, password } = registration;
  const stripped = [...stripForPbx(edge, request), ...credentialsForPbx(edge, request, password)];
  const ours =
    registration.toward === 'path'
      ? withPath(edge, registration, target)
      : withContact(edge, registration, target);
  return stripped.length === 0 ? ours : [...stripped, ...ours];
}

/** What stands in our `sips:` URIs, when the phone registers as that and the PBX is reached over TLS (RFC 5630 §5.2). */
const secureAddress = ({ requestUri }: Message, ours: string): string | undefined =>
  isSips(requestUri) && ours.endsWith(OVER_TLS) ? ours.slice(0, -OVER_TLS.length) : undefined;

/**
 * The PBX is given a Contact of ours that leads back to the phone's. A Path would lead its calls around us, to
 * whoever the phone names.
 */
function withContact(
  edge: Edge,
  { request, asked, bounds, going }: Registration,
  target: Target | undefined,
): readonly HeaderChange[] {
  if (asked.length === 0 || target === undefined) return [];
  const ours = ownAddress(edge, target);
  const secure = secureAddress(request, ours);
  let value = '';
  const rewritten = (uri: string, user: string, token: string): string => {
    const userPart = user === '' ? '' : `${user}@`;
    const own =
      secure !== undefined && isSips(uri) ? `sips:${userPart}${secure}` : `sip:${userPart}${ours}`;
    return `<${own};${TOKEN_PARAMETER}=${token}>`;
  };
  for (const contact of asked) {
    const one =
      rewritten(contact.uri, contact.user, contact.token) + parametersToward(contact, bounds);
    value = value === '' ? one : `${value}, ${one}`;
  }
  for (const { contact, token } of going)
    value += `, ${rewritten(contact, parseUri(contact)?.user ?? '', token)};expires=0`;
  const contact = { name: 'Contact', value };
  return request.find(Header.path) < 0 ? [contact] : [contact, { name: 'Path', value: undefined }];
}

/** What stands behind the Contact, with no longer and no shorter time than the rules allow. */
function parametersToward(
  { parameters, expires }: AskedContact,
  bounds: ExpiryBounds | undefined,
): string {
  const allowed = bounded(expires, bounds);
  return allowed === expires ? parameters : withExpires(parameters, allowed);
}

/** RFC 3327. Without `Supported: path` a registrar must refuse it (§5.3), so we vouch for the phone. */
function withPath(
  edge: Edge,
  { request, asked, bounds, going }: Registration,
  target: Target | undefined,
): readonly HeaderChange[] {
  const [contact] = asked;
  if (contact === undefined || target === undefined) return [];
  const address = ownAddress(edge, target);
  const secure = isSips(contact.uri) ? secureAddress(request, address) : undefined;
  const own =
    secure === undefined ? `sip:${contact.token}@${address}` : `sips:${contact.token}@${secure}`;
  const ours = `<${own};lr>`;
  const others = request.list(Header.path);
  const supported = request.list(Header.supported).filter((option) => option !== '');
  const changes: HeaderChange[] = [{ name: 'Path', value: [ours, ...others].join(', ') }];
  if (!supported.includes('path'))
    changes.push({ name: 'Supported', value: [...supported, 'path'].join(', ') });
  if (going.length > 0 || asked.some(({ expires }) => bounded(expires, bounds) !== expires)) {
    const kept = asked.map((one) => `<${one.uri}>${parametersToward(one, bounds)}`);
    // the same phone by another domain: what it asks for must not be taken back with it
    const elsewhere = going.filter((one) => !asked.some(({ uri }) => uri === one.contact));
    const ended = elsewhere.map((one) => `<${one.contact}>;expires=0`);
    changes.push({ name: 'Contact', value: [...kept, ...ended].join(', ') });
  }
  return changes;
}

/** A Contact of the 200: `key` is our token where the PBX holds ours, the URI where it holds the phone's own. */
interface ListedContact {
  readonly text: string;
  readonly contact: NameAddress | undefined;
  readonly key: string | undefined;
  /** As it says. */
  readonly expires: number | undefined;
}

/** `ours` is how we were named in the Contacts we wrote; without it the PBX holds the phone's own. */
function listedContacts(
  response: Message,
  asked: readonly AskedContact[] = [],
  ours?: string,
): readonly ListedContact[] {
  if (response.find(Header.contact) < 0) return [];
  return response.list(Header.contact).map((text) => {
    const contact = parseNameAddress(text);
    if (contact === undefined) return { text, contact, key: undefined, expires: undefined };
    const expires = expiresOf(contact);
    const key =
      ours === undefined
        ? contact.uri
        : (tokenIn(contact.uri) ?? tokenByUser(contact.uri, asked, ours));
    return { text, contact, key, expires };
  });
}

/** A PBX that drops URI parameters it does not know still shows whose Contact it is by the user part. */
function tokenByUser(
  uri: string,
  asked: readonly AskedContact[],
  ours: string,
): string | undefined {
  const parsed = parseUri(uri);
  if (parsed === undefined) return undefined;
  const [hostPort] = ours.split(';');
  if (`${parsed.host}:${parsed.port ?? 5060}` !== hostPort) return undefined;
  const same = asked.filter(({ user }) => user === parsed.user);
  return same.length === 1 ? same[0]?.token : undefined;
}

const tokenIn = (uri: string): string | undefined => {
  const semicolon = uri.indexOf(';', uri.indexOf('@') + 1); // a user part may have one too
  return semicolon < 0 ? undefined : uriParameter(uri.slice(semicolon), TOKEN_PARAMETER);
};

/** Takes note of what the PBX granted, and of what it dropped. */
function noteBindings(
  edge: Edge,
  registration: Registration,
  node: PbxNode | undefined,
  listed: readonly ListedContact[],
  response: Message,
): void {
  const { registrations } = edge;
  const { aor, request, asked, toward, bounds, going } = registration;
  const now = Date.now();
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

/** The phone sees the Contacts it gave, and not how we wrote them for the PBX (RFC 3261 §10.3 step 8). */
function restoreContacts(
  edge: Edge,
  { asked, bounds }: Registration,
  listed: readonly ListedContact[],
  response: Message,
): readonly HeaderChange[] | undefined {
  if (listed.length === 0) return undefined;
  let value = '';
  for (const one of listed) {
    const { text, contact, key } = one;
    const uri =
      key === undefined
        ? undefined
        : (asked.find(({ token }) => token === key)?.uri ??
          edge.registrations.named(key, 0)?.contact);
    const restored =
      contact === undefined || uri === undefined
        ? text
        : `<${uri}>${parametersBack(contact, one.expires, bounds, response)}`;
    value = value === '' ? restored : `${value}, ${restored}`;
  }
  return [{ name: 'Contact', value }];
}

/** What the PBX grants beyond what the rules allow is cut: the phone comes back in time, and is forgotten in time. */
function parametersBack(
  contact: NameAddress,
  expires: number | undefined,
  bounds: ExpiryBounds | undefined,
  response: Message,
): string {
  if (bounds === undefined) return contact.parameters;
  const granted = expires ?? seconds(response.value(Header.expires)) ?? 0;
  return granted > bounds.most ? withExpires(contact.parameters, bounds.most) : contact.parameters;
}

/** The same where the PBX holds the phones' own Contacts. */
function cutContacts(
  { bounds }: Registration,
  listed: readonly ListedContact[],
  response: Message,
): readonly HeaderChange[] {
  const cut = listed.map(({ text, contact, expires }) => {
    const parameters = contact && parametersBack(contact, expires, bounds, response);
    return contact === undefined || parameters === contact.parameters
      ? text
      : `<${contact.uri}>${parameters}`;
  });
  return cut.every((one, index) => one === listed[index]?.text)
    ? nothing
    : [{ name: 'Contact', value: cut.join(', ') }];
}

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

/** Until it registers by Contact the PBX cannot call the phone: let it come back in half a minute, not in an hour. */
function comeBackSoon(listed: readonly ListedContact[]): readonly HeaderChange[] {
  const value = listed
    .map(({ text, contact }) => {
      if (contact === undefined) return text;
      const others = contact.parameters.replace(/;\s*expires\s*=\s*[^;]*/i, '');
      return `<${contact.uri}>${others};expires=${SOON_SECONDS}`;
    })
    .join(', ');
  return [
    { name: 'Contact', value },
    { name: 'Expires', value: undefined },
    { name: 'Path', value: undefined },
  ];
}

/** The Path is between the PBX and us; a phone that did not ask for it need not see it. */
const hidePath = (response: Message): readonly HeaderChange[] =>
  response.find(Header.path) < 0 ? nothing : [{ name: 'Path', value: undefined }];

const nothing: readonly HeaderChange[] = [];
const none: readonly Binding[] = [];

const expiresOf = (contact: NameAddress): number | undefined =>
  seconds(headerParameter(contact.parameters, 'expires'));

const MOST_DIGITS = 10;

function seconds(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text.length > MOST_DIGITS) return undefined;
  let number = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number;
}
