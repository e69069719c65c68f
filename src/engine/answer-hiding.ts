import type { Hiding } from '../edge/signaling.ts';
import { Header } from '../sip/message/header-name.ts';
import { splitList } from '../sip/message/list.ts';
import type { Message } from '../sip/message/message.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import type { Rewrite } from '../sip/message/rewrite.ts';
import { parseUri, type SipUri, uriParameter } from '../sip/message/uri.ts';
import type { AnswerHiding } from '../sip/proxy/hiding.ts';
import { viaLines } from '../sip/proxy/via-lines.ts';
import type { Core } from './core.ts';
import { ownFor } from './sips.ts';
import type { Channel } from './transport/transports.ts';

/** What is done to the answers of a request that came over this channel, and was sent on with these lines. */
export function hidingInAnswersTo(
  core: Core,
  hiding: Hiding,
  request: Message,
  channel: Channel,
  recordRouted = false,
): AnswerHiding {
  const { vias, innerRoute, answer } = hiding;
  return {
    edit: innerRoute && recordRouted ? withInnerRoute(core, hiding, channel) : answer,
    own: ownFor(core.names.toward(channel), request.requestUri),
    vias: vias ? viaLines(request, channel.address, channel.port) : '',
  };
}

/** The same for an answer whose request is long forgotten. */
export function hidingInRepeated(
  core: Core,
  hiding: Hiding,
  channel: Channel,
  vias: string,
): AnswerHiding {
  const edit = hiding.innerRoute ? withInnerRoute(core, hiding, channel) : hiding.answer;
  return { edit, own: core.names.toward(channel).address, vias };
}

/** Of two Record-Routes of ours (RFC 5658) the outside sees the one that names its flow. */
export const outerRoute = (lines: string): string => lines.slice(0, lines.indexOf('\r\n') + 2);

/** Gives the inside back the Record-Route that the outside did not see, and keeps it from the outside. */
function withInnerRoute(core: Core, { answer }: Hiding, channel: Channel): Hiding['answer'] {
  const { isOurRoute, names } = core;
  const changed =
    channel.realm === 'core'
      ? withInner(isOurRoute, names.toward(channel).route)
      : withoutInner(isOurRoute);
  return (response, rewrite, own) => {
    answer(response, rewrite, own);
    if (response.status < 300) changeRoutes(response, rewrite, changed);
  };
}

type IsOurs = (recordRoute: string) => boolean;
type Changed = (route: string) => readonly string[];

/** The one that names a flow is the outer one; where both are called the same it is the only one. */
const withInner =
  (isOurs: IsOurs, inner: string): Changed =>
  (route) => {
    const single = !isOurs(route) || !namesFlow(route) || placeOf(route) === placeOf(inner);
    return single ? [route] : [route, inner];
  };

const withoutInner =
  (isOurs: IsOurs): Changed =>
  (route) =>
    isOurs(route) && !namesFlow(route) ? [] : [route];

const namesFlow = (route: string): boolean => uriOf(route)?.user !== '';

function placeOf(route: string): string {
  const uri = uriOf(route);
  const unsaid = uri?.scheme === 'sips' ? 'tls' : 'udp';
  const transport = uriParameter(uri?.parameters ?? '', 'transport') ?? unsaid;
  return `${uri?.host}:${uri?.port} ${transport.toLowerCase()}`;
}

const uriOf = (route: string): SipUri | undefined => parseUri(parseNameAddress(route)?.uri ?? '');

function changeRoutes(response: Message, rewrite: Rewrite, changed: Changed): void {
  for (
    let line = response.find(Header.recordRoute);
    line >= 0;
    line = response.find(Header.recordRoute, line + 1)
  ) {
    const routes = splitList(response.valueOf(line));
    const left: string[] = [];
    for (const route of routes) left.push(...changed(route));
    if (left.length === 0) rewrite.removeLine(line);
    else if (left.length !== routes.length)
      rewrite.replace(response.valueStart(line), response.lineEnd(line), left.join(', '));
  }
}
