import { Header } from '../sip/message/header-name.ts';
import { bareHost, parseUri, type SipUri, uriParameter } from '../sip/message/uri.ts';
import { TOKEN_PARAMETER } from './binding-token.ts';
import type { Edge } from './edge.ts';
import { recordsRoute } from './records-route.ts';
import type { Binding } from './registrations.ts';
import type { HeaderChange, Incoming, Target } from './signaling.ts';

/**
 * The PBX wants something outside a dialog: it calls a phone, over the very flow the phone registered by, or
 * it calls out through a trunk. It is sent nowhere else.
 */
export function fromPbx(edge: Edge, incoming: Incoming): void {
  const { request } = incoming;
  const uri = parseUri(request.requestUri);
  const binding = uri === undefined ? undefined : bindingFor(edge, incoming, uri);
  if (binding === 'unknown') {
    incoming.answer(480);
    return;
  }
  const targets = binding === undefined ? trunksFor(edge, incoming, uri) : phone(edge, binding);
  if (typeof targets === 'number') incoming.answer(targets);
  else
    incoming.forward({
      targets,
      recordRoute: recordsRoute(request.method),
      tryNextAfterMs: edge.pbx.tryNextAfterMs,
      headers: binding?.toward === 'contact' ? withoutRoute(incoming) : undefined,
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
const withoutRoute = ({ request }: Incoming): readonly HeaderChange[] | undefined =>
  request.find(Header.route) < 0 ? undefined : [{ name: 'Route', value: undefined }];

/** RFC 5626 §5.3: only over that flow; when it is gone so is the phone, until it comes back. */
function phone(edge: Edge, binding: Binding): readonly Target[] | number {
  const flow = edge.serving.flowFrom(binding.flow);
  if (flow === 'forged' || flow === 'stale') return 430;
  // with Path the PBX asked for the phone's own Contact already
  return [
    binding.toward === 'path' ? { nextHop: flow } : { nextHop: flow, requestUri: binding.contact },
  ];
}

function trunksFor(
  edge: Edge,
  incoming: Incoming,
  uri: SipUri | undefined,
): readonly Target[] | number {
  const { trunks } = edge.settings;
  const host = uri === undefined ? '' : bareHost(uri.host);
  const named = trunks.filter((trunk) => bareHost(parseUri(trunk.uri)?.host ?? '') === host);
  const chosen = named.length > 0 ? named : incoming.toUs || uri === undefined ? trunks : [];
  if (chosen.length === 0) return 404;
  return chosen.map((trunk) => ({ nextHop: trunk.uri, realm: 'trunk' }));
}
