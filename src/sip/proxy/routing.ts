import { Header } from '../message/header-name.ts';
import { endOfElement } from '../message/list.ts';
import type { Message } from '../message/message.ts';
import { parseNameAddress } from '../message/name-address.ts';
import type { Rewrite } from '../message/rewrite.ts';
import { parseUri, type SipUri, uriParameter } from '../message/uri.ts';

/** What a request's Route headers say, once our own are taken off the top (RFC 3261 §16.4). */
export interface Routing {
  /** How many of the topmost Route values are ours and must go. */
  readonly ours: number;
  /** The user part of the first of ours that has one: a flow or Path token. */
  readonly user: string | undefined;
  /** The Route that follows ours: the next hop. */
  readonly next: string | undefined;
  /** That next hop is a strict router: it wants to be the Request-URI (RFC 3261 §16.6 step 6). */
  readonly strict: boolean;
  /** A strict router before us put our Route into the Request-URI: this last Route is the true one. */
  readonly restored: string | undefined;
}

const unrouted: Routing = {
  ours: 0,
  user: undefined,
  next: undefined,
  strict: false,
  restored: undefined,
};

export type IsOurs = (uri: SipUri) => boolean;

/** Reads the route set; a Route nobody can read ends it, and is passed on to where the Request-URI says. */
export function readRouting(request: Message, isOurs: IsOurs): Routing {
  if (request.find(Header.route) < 0) return unrouted;
  const routes = request.list(Header.route);

  const asked = parseUri(request.requestUri);
  const fromStrict =
    asked !== undefined && uriParameter(asked.parameters, 'lr') !== undefined && isOurs(asked);
  const last = fromStrict ? parseNameAddress(routes.at(-1) ?? '')?.uri : undefined;
  // it becomes the Request-URI, so it must be fit for one
  const restored = last !== undefined && parseUri(last)?.headers === '' ? last : undefined;
  if (restored !== undefined) routes.pop();

  let ours = 0;
  let user: string | undefined = restored !== undefined && asked?.user ? asked.user : undefined;
  for (const route of routes) {
    const uri = parseUri(parseNameAddress(route)?.uri ?? '');
    if (uri === undefined || !isOurs(uri)) break;
    ours++;
    if (uri.user !== '') user ??= uri.user;
  }
  const next = parseNameAddress(routes[ours] ?? '')?.uri;
  const strict =
    next !== undefined && uriParameter(parseUri(next)?.parameters ?? ';lr', 'lr') === undefined;
  return { ours, user, next, strict, restored };
}

/** Writes the outcome into the message that goes out, and the Request-URI, where it is given another. */
export function rewriteRoutes(
  request: Message,
  routing: Routing,
  rewrite: Rewrite,
  requestUri = routing.restored,
): void {
  if (routing.restored !== undefined) dropLastRoute(request, rewrite);
  let drop = routing.ours + (routing.strict ? 1 : 0);
  for (
    let line = request.find(Header.route);
    line >= 0 && drop > 0;
    line = request.find(Header.route, line + 1)
  ) {
    const end = request.lineEnd(line);
    let from = request.valueStart(line);
    let comma = endOfElement(request.wire, from, end);
    while (drop > 0 && comma < end) {
      drop--;
      from = comma + 1;
      comma = endOfElement(request.wire, from, end);
    }
    if (drop > 0) {
      drop--;
      rewrite.removeLine(line);
    } else rewrite.replace(request.valueStart(line), from, '');
  }
  if (routing.strict && routing.next !== undefined) {
    rewrite.append('Route', `<${requestUri ?? request.requestUri}>`);
    rewrite.setRequestUri(routing.next);
  } else if (requestUri !== undefined) rewrite.setRequestUri(requestUri);
}

function dropLastRoute(request: Message, rewrite: Rewrite): void {
  let last = request.find(Header.route);
  for (let line = last; line >= 0; line = request.find(Header.route, line + 1)) last = line;
  let from = request.valueStart(last);
  const end = request.lineEnd(last);
  for (
    let comma = endOfElement(request.wire, from, end);
    comma < end;
    comma = endOfElement(request.wire, from, end)
  )
    from = comma + 1;
  if (from === request.valueStart(last)) rewrite.removeLine(last);
  else rewrite.replace(from - 1, end, '');
}
