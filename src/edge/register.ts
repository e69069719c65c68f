import { detached } from '../sip/message/detached.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import {
  headerParameter,
  type NameAddress,
  parseNameAddress,
} from '../sip/message/name-address.ts';
import { parseUri, uriParameter } from '../sip/message/uri.ts';
import type { Edge } from './edge.ts';
import type { PbxNode } from './pbx.ts';
import type { Binding } from './registrations.ts';
import type { Flow, HeaderChange, Incoming, Target } from './signaling.ts';
import { registeredOn } from './to-pbx.ts';

/** The parameter of a rewritten Contact that names the binding. */
export const TOKEN_PARAMETER = 'flow';

/** RFC 3261 §10.3: what a registrar grants when nobody said how long. */
const DEFAULT_EXPIRES = 3600;

interface AskedContact {
  readonly uri: string;
  readonly user: string;
  /** The header's parameters: expires, q, +sip.instance; passed on as they are. */
  readonly parameters: string;
  readonly token: string;
  readonly expires: number;
}

/**
 * A phone registers. The PBX decides whether it may; we see to it that the PBX reaches the phone through us,
 * over the flow this request came by, and that the phone sees its own Contacts in the answer (S3, I4).
 */
export function register(edge: Edge, incoming: Incoming): void {
  const { request, flow } = incoming;
  if (flow.realm !== 'access') {
    incoming.answer(403);
    return;
  }
  const aor = addressOfRecord(request);
  if (aor === undefined) {
    incoming.answer(400);
    return;
  }
  const asked = askedContacts(edge, request, aor);
  const fresh = asked.some(({ token }) => edge.registrations.named(token, 0) === undefined);
  if (fresh && edge.registrations.full) {
    incoming.answer(503, [
      { name: 'Retry-After', value: String(edge.settings.drain.retryAfterSeconds) },
    ]);
    return;
  }
  const { pbx } = edge;
  const targets = pbx.targetsFor(aor.slice(0, aor.indexOf('@')), registeredOn(edge, aor));
  const [first] = targets;
  const toward = first === undefined ? 'contact' : towardPbx(edge, first);
  incoming.forward({
    targets,
    tryNextAfterMs: pbx.tryNextAfterMs,
    headers:
      toward === 'path' ? withPath(edge, request, asked, first) : withContact(edge, asked, first),
    onAnswer: (response, target) => {
      if (response.status < 200 || response.status > 299) return undefined;
      const node = pbx.nodeOf(target);
      noteBindings(edge, { aor, request, flow, asked, toward, node }, response);
      if (toward === 'contact') return restoreContacts(edge, response, asked);
      noticeDroppedPath(edge, response, asked, node);
      return hidePath(response);
    },
    onTargetFailed: (target, failure) => {
      if (failure !== 'unavailable') pbx.doubt(target);
    },
  });
}

/** `user@host` of the To header, the host in lower case. */
function addressOfRecord(request: Message): string | undefined {
  const uri = parseUri(parseNameAddress(request.value(Header.to) ?? '')?.uri ?? '');
  return uri === undefined ? undefined : `${uri.user}@${uri.host}`;
}

function askedContacts(edge: Edge, request: Message, aor: string): AskedContact[] {
  const expires = seconds(request.value(Header.expires)) ?? DEFAULT_EXPIRES;
  const asked: AskedContact[] = [];
  if (request.find(Header.contact) < 0) return asked;
  for (const value of request.list(Header.contact)) {
    const contact = parseNameAddress(value);
    if (contact === undefined || contact.uri === '*') continue;
    const known = edge.registrations.find(aor, contact.uri);
    asked.push({
      uri: contact.uri,
      user: parseUri(contact.uri)?.user ?? '',
      parameters: contact.parameters,
      token: known?.token ?? edge.bindingToken(aor, contact.uri),
      expires: expiresOf(contact) ?? expires,
    });
  }
  return asked;
}

const towardPbx = (edge: Edge, target: Target): 'contact' | 'path' =>
  edge.settings.registration.toward === 'path' && edge.pbx.nodeOf(target)?.dropsPath !== true
    ? 'path'
    : 'contact';

const ownAddress = ({ pbx, serving }: Edge, target: Target): string =>
  pbx.nodeOf(target)?.ownAddress(serving) ?? serving.ownAddress(target);

/** The PBX is given a Contact of ours that leads back to the phone's. */
function withContact(
  edge: Edge,
  asked: readonly AskedContact[],
  target: Target | undefined,
): readonly HeaderChange[] {
  if (asked.length === 0 || target === undefined) return [];
  const ours = ownAddress(edge, target);
  const value = asked
    .map(({ user, token, parameters }) => {
      const userPart = user === '' ? '' : `${user}@`;
      return `<sip:${userPart}${ours};${TOKEN_PARAMETER}=${token}>${parameters}`;
    })
    .join(', ');
  return [{ name: 'Contact', value }];
}

/** RFC 3327. Without `Supported: path` a registrar must refuse it (§5.3), so we vouch for the phone. */
function withPath(
  edge: Edge,
  request: Message,
  asked: readonly AskedContact[],
  target: Target | undefined,
): readonly HeaderChange[] {
  const [contact] = asked;
  if (contact === undefined || target === undefined) return [];
  const ours = `<sip:${contact.token}@${ownAddress(edge, target)};lr>`;
  const others = request.list(Header.path);
  const supported = request.list(Header.supported).filter((option) => option !== '');
  const changes: HeaderChange[] = [{ name: 'Path', value: [ours, ...others].join(', ') }];
  if (!supported.includes('path'))
    changes.push({ name: 'Supported', value: [...supported, 'path'].join(', ') });
  return changes;
}

interface Registered {
  readonly aor: string;
  readonly request: Message;
  readonly flow: Flow;
  readonly asked: readonly AskedContact[];
  readonly toward: 'contact' | 'path';
  readonly node: PbxNode | undefined;
}

/** Takes note of what the PBX granted, and of what it dropped. */
function noteBindings(edge: Edge, registered: Registered, response: Message): void {
  const { registrations } = edge;
  const { aor, request, asked, toward } = registered;
  const now = Date.now();
  const granted = grantedContacts(response, toward);
  const general = seconds(response.value(Header.expires));

  for (const contact of asked) {
    const answer = granted.get(toward === 'contact' ? contact.token : contact.uri);
    const lasts = answer === undefined ? 0 : (expiresOf(answer) ?? general ?? contact.expires);
    if (contact.expires > 0 && lasts > 0) save(edge, registered, contact, now + lasts * 1000);
    else {
      const gone = registrations.find(aor, contact.uri);
      if (gone !== undefined) registrations.remove(gone);
    }
  }
  // `Contact: *`, and bindings the PBX let go to make room; a query that lists none says so too
  const everything = request.value(Header.contact)?.trim() === '*';
  if (everything || registrations.of(aor).length > asked.length)
    for (const binding of registrations.of(aor)) {
      const listed = granted.has(toward === 'contact' ? binding.token : binding.contact);
      if (everything || (!listed && binding.toward === toward && sameNode(binding, registered)))
        registrations.remove(binding);
    }
}

const sameNode = (binding: Binding, { node }: Registered): boolean =>
  binding.node === (node?.settings.name ?? '');

function save(edge: Edge, registered: Registered, contact: AskedContact, expiresAt: number): void {
  const { aor, request, flow, toward, node } = registered;
  edge.registrations.save({
    aor: detached(aor),
    contact: detached(contact.uri),
    token: contact.token,
    flow: flow.token,
    transport: flow.transport,
    listener: `${flow.transport}:${flow.listener.address}:${flow.listener.port}`,
    address: flow.address,
    port: flow.port,
    toward,
    expiresAt,
    userAgent: detached(request.value(Header.userAgent) ?? ''),
    callId: detached(request.callId),
    cseq: request.cseq,
    node: node?.settings.name ?? '',
    updatedAt: Date.now(),
  });
}

/** The Contacts of the 200: by our token where the PBX holds ours, by URI where it holds the phone's own. */
function grantedContacts(
  response: Message,
  toward: 'contact' | 'path',
): ReadonlyMap<string, NameAddress> {
  const granted = new Map<string, NameAddress>();
  for (const value of response.list(Header.contact)) {
    const contact = parseNameAddress(value);
    if (contact === undefined) continue;
    const key = toward === 'contact' ? tokenIn(contact.uri) : contact.uri;
    if (key !== undefined) granted.set(key, contact);
  }
  return granted;
}

const tokenIn = (uri: string): string | undefined =>
  uriParameter(uri.slice(uri.indexOf(';')), TOKEN_PARAMETER);

/** The phone sees the Contacts it gave, and not how we wrote them for the PBX (RFC 3261 §10.3 step 8). */
function restoreContacts(
  edge: Edge,
  response: Message,
  asked: readonly AskedContact[],
): readonly HeaderChange[] | undefined {
  if (response.find(Header.contact) < 0) return undefined;
  const value = response
    .list(Header.contact)
    .map((element) => {
      const contact = parseNameAddress(element);
      const token = contact === undefined ? undefined : tokenIn(contact.uri);
      if (contact === undefined || token === undefined) return element;
      const uri =
        asked.find((one) => one.token === token)?.uri ??
        edge.registrations.named(token, 0)?.contact;
      return uri === undefined ? element : `<${uri}>${contact.parameters}`;
    })
    .join(', ');
  return [{ name: 'Contact', value }];
}

/** A registrar that keeps the Path puts it into the 200 (RFC 3327 §5.3). One that does not will go around us. */
function noticeDroppedPath(
  edge: Edge,
  response: Message,
  asked: readonly AskedContact[],
  node: PbxNode | undefined,
): void {
  const [contact] = asked;
  if (contact === undefined || contact.expires === 0 || node === undefined || node.dropsPath)
    return;
  if (response.list(Header.path).some((path) => path.includes(contact.token))) return;
  node.dropsPath = true;
  edge.observer.pathDropped(node.settings.name);
}

/** The Path is between the PBX and us; a phone that did not ask for it need not see it. */
const hidePath = (response: Message): readonly HeaderChange[] | undefined =>
  response.find(Header.path) < 0 ? undefined : [{ name: 'Path', value: undefined }];

const expiresOf = (contact: NameAddress): number | undefined =>
  seconds(headerParameter(contact.parameters, 'expires'));

function seconds(text: string | undefined): number | undefined {
  return text === undefined || !/^\d{1,10}$/.test(text) ? undefined : Number(text);
}
