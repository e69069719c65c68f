import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { bareHost, isSips, parseUri, type SipUri, uriParameter } from '../sip/message/uri.ts';
import { TOKEN_PARAMETER } from './binding-token.ts';
import type { Edge } from './edge.ts';
import type { TrunkSettings } from './edge-settings.ts';
import { recordsRoute } from './records-route.ts';
import type { Binding } from './registrations.ts';
import type { HeaderChange, Incoming, Target } from './signaling.ts';
import { isSecure, refuseSips } from './sips.ts';

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
  const targets =
    binding === undefined ? trunksFor(edge, incoming, uri) : phone(edge, binding, request);
  if (targets === 'sips') refuseSips(incoming);
  else if (typeof targets === 'number') incoming.answer(targets);
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
function phone(
  edge: Edge,
  binding: Binding,
  { requestUri }: Message,
): readonly Target[] | number | 'sips' {
  const flow = edge.serving.flowFrom(binding.flow);
  if (flow === 'forged' || flow === 'stale') return 430;
  const { contact } = binding;
  if (isSips(requestUri) && !(isSecure(flow) && isSips(contact))) return 'sips';
  // with Path the PBX asked for the phone's own Contact already
  if (binding.toward === 'path') return [{ nextHop: flow }];
  // RFC 5630 §5.3: whoever registers as sips is reached as sip too, over TLS, when that is what is asked for
  const asked = isSips(contact) && !isSips(requestUri) ? `sip${contact.slice(4)}` : contact;
  return [{ nextHop: flow, requestUri: asked }];
}

function trunksFor(
  edge: Edge,
  incoming: Incoming,
  uri: SipUri | undefined,
): readonly Target[] | number | 'sips' {
  const { trunks } = edge.settings;
  const host = uri === undefined ? '' : bareHost(uri.host);
  const named = trunks.filter((trunk) => bareHost(parseUri(trunk.uri)?.host ?? '') === host);
  const chosen = named.length > 0 ? named : incoming.toUs || uri === undefined ? trunks : [];
  if (chosen.length === 0) return 404;
  const fit = uri?.scheme === 'sips' ? chosen.filter(overTls) : chosen;
  if (fit.length === 0) return 'sips';
  return fit.map((trunk) => ({ nextHop: trunk.uri, realm: 'trunk' }));
}

function overTls({ uri }: TrunkSettings): boolean {
  const transport = uriParameter(parseUri(uri)?.parameters ?? '', 'transport');
  return isSips(uri) || transport?.toLowerCase() === 'tls';
}
