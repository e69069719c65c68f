import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { isSips, parseUri, type SipUri, uriParameter } from '../sip/message/uri.ts';
import { TOKEN_PARAMETER } from './binding-token.ts';
import type { CallFacts } from './call-facts.ts';
import type { Edge } from './edge.ts';
import { NODE_MARK } from './node-marks.ts';
import { recordsRoute } from './records-route.ts';
import { judgingRedirects } from './redirect.ts';
import { type Binding, HERE } from './registrations.ts';
import type { Flow, HeaderChange, Incoming, Target } from './signaling.ts';
import { isSecure, refuseSips } from './sips.ts';
import { toTrunk } from './to-trunk.ts';

/**
 * The PBX wants something outside a dialog: it calls a phone, over the very flow the phone registered by, or
 * it calls out through a trunk. It is sent nowhere else.
 */
export function fromPbx(edge: Edge, incoming: Incoming, facts: CallFacts | undefined): void {
  const uri = parseUri(incoming.request.requestUri);
  const binding = uri === undefined ? undefined : bindingFor(edge, incoming, uri);
  if (binding === 'unknown') incoming.answer(480);
  else if (binding === undefined) toTrunk(edge, incoming, facts);
  else if (binding.gate === HERE) toPhone(edge, incoming, binding);
  else toNode(edge, incoming, binding);
}

/** Another node has it from the PBX, for a phone that is registered here: it says which, and proves that it is one. */
export function fromNode(edge: Edge, incoming: Incoming): void {
  const now = Date.now();
  const token = edge.nodeMarks.read(incoming.request, now);
  if (token === undefined) {
    incoming.answer(403);
    return;
  }
  const binding = edge.registrations.named(token, now);
  // the phone may be elsewhere by now: whoever asked hears of that as well, and one node on the way is enough
  if (binding === undefined || binding.gate !== HERE) incoming.answer(480);
  else toPhone(edge, incoming, binding, [{ name: NODE_MARK, value: undefined }]);
}

/** The phone hangs on another node: over its connection nobody else can reach it. */
function toNode(edge: Edge, incoming: Incoming, binding: Binding): void {
  const { request } = incoming;
  const uri = edge.others?.uriOf(binding.gate);
  if (uri === undefined) {
    incoming.answer(480);
    return;
  }
  const mark = edge.nodeMarks.write(request, binding.token, Date.now());
  incoming.forward({
    targets: [{ nextHop: uri, realm: 'core' }],
    recordRoute: recordsRoute(request.method),
    headers: [{ name: NODE_MARK, value: mark }],
  });
}

/** RFC 5626 §5.3: only over the flow it registered by; when that is gone so is the phone, until it comes back. */
function toPhone(
  edge: Edge,
  incoming: Incoming,
  binding: Binding,
  marks: readonly HeaderChange[] = [],
): void {
  const { request } = incoming;
  const flow = edge.serving.flowFrom(binding.flow);
  if (flow === 'forged' || flow === 'stale') {
    incoming.answer(430);
    return;
  }
  const target = phone(flow, binding, request);
  if (target === 'sips') {
    refuseSips(incoming);
    return;
  }
  incoming.forward({
    targets: [target],
    recordRoute: recordsRoute(request.method),
    headers: [...marks, ...(binding.toward === 'contact' ? withoutRoute(incoming) : [])],
    ...judgingRedirects(edge, incoming, binding, flow),
  });
}

/** By the token in the Request-URI (Contact rewriting) or in our Route (Path); `unknown` for one that names nobody. */
function bindingFor(edge: Edge, incoming: Incoming, uri: SipUri): Binding | 'unknown' | undefined {
  const now = Date.now();
  const token = uriParameter(uri.parameters, TOKEN_PARAMETER) ?? incoming.routeUser;
  if (token !== undefined) return edge.registrations.named(token, now) ?? 'unknown';
  return incoming.toUs ? edge.registrations.withUser(uri.user, now) : undefined;
}

/** A phone that gave no Path has nobody in front of it: a Route that is left would only lead astray. */
const withoutRoute = ({ request }: Incoming): readonly HeaderChange[] =>
  request.find(Header.route) < 0 ? [] : [{ name: 'Route', value: undefined }];

function phone(flow: Flow, binding: Binding, { requestUri }: Message): Target | 'sips' {
  const { contact } = binding;
  if (isSips(requestUri) && !(isSecure(flow) && isSips(contact))) return 'sips';
  // with Path the PBX asked for the phone's own Contact already
  if (binding.toward === 'path') return { nextHop: flow };
  // RFC 5630 §5.3: whoever registers as sips is reached as sip too, over TLS, when that is what is asked for
  const asked = isSips(contact) && !isSips(requestUri) ? `sip${contact.slice(4)}` : contact;
  return { nextHop: flow, requestUri: asked };
}
