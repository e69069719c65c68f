import { Header } from '../message/header-name.ts';
import type { Message } from '../message/message.ts';
import { readNumber } from '../message/number.ts';
import { ensureContentLength, type HeaderChange, Rewrite } from '../message/rewrite.ts';
import type { Hiding } from './hiding.ts';
import { type Routing, rewriteRoutes } from './routing.ts';
import { stampVia } from './stamp-via.ts';

export interface ForwardFacts {
  /** Our Via value, branch and all. */
  readonly via: string;
  /** Whole header lines with their CRLFs, or empty. */
  readonly recordRoutes: string;
  /** Where the request really came from. */
  readonly address: string;
  readonly port: number;
  readonly routing: Routing;
  readonly requestUri: string | undefined;
  readonly headers: readonly HeaderChange[] | undefined;
  /** The next hop is reached over a stream, which needs a Content-Length (RFC 3261 §18.3). */
  readonly stream: boolean;
  /** What the next hop is not to see of whoever sent it, and what it is to call us. */
  readonly hiding?: Hiding | undefined;
  readonly own?: string;
}

/** The request as it goes to the next hop (RFC 3261 §16.6): the original with splices. */
export function forwardRequest(request: Message, facts: ForwardFacts): string {
  const rewrite = new Rewrite(request);
  const rerouted = routed(facts.routing) && !replacesRoutes(facts.headers);
  if (facts.requestUri !== undefined && !rerouted) rewrite.setRequestUri(facts.requestUri);

  const viaLine = request.find(Header.via);
  rewrite.insert(request.lineStart(viaLine), `Via: ${facts.via}\r\n${facts.recordRoutes}`);
  const via = request.via;
  if (facts.hiding?.vias === true) rewrite.removeAll(Header.via);
  else if (via !== undefined) {
    const stamped = stampVia(request.wire, via, facts.address, facts.port);
    rewrite.replace(via.start, via.end, stamped);
  }

  const hops = request.find(Header.maxForwards);
  if (hops < 0) rewrite.append('Max-Forwards', '70');
  else {
    const left = readNumber(request.wire, request.valueStart(hops), request.lineEnd(hops));
    rewrite.replace(request.valueStart(hops), request.lineEnd(hops), String(Math.max(left - 1, 0)));
  }

  if (rerouted) rewriteRoutes(request, facts.routing, rewrite, facts.requestUri);
  if (facts.headers !== undefined)
    for (const { name, value } of facts.headers) rewrite.setHeader(name, value);
  facts.hiding?.request(request, rewrite, facts.own ?? '');
  if (facts.stream) ensureContentLength(request, rewrite);
  return rewrite.result();
}

/** Whoever writes the Route anew has taken the request's own out of force. */
const replacesRoutes = (headers: readonly HeaderChange[] | undefined): boolean =>
  headers?.some(({ name }) => name === 'Route') === true;

const routed = ({ ours, strict, restored }: Routing): boolean =>
  ours > 0 || strict || restored !== undefined;
