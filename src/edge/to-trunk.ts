import { keyOf } from '../policy/call-keys.ts';
import { isSips, parseUri, uriParameter } from '../sip/message/uri.ts';
import { admit } from './admit.ts';
import type { CallFacts } from './call-facts.ts';
import { callName } from './call-name.ts';
import type { Edge } from './edge.ts';
import type { TrunkSettings } from './edge-settings.ts';
import { type OpenedCall, openCall } from './open-call.ts';
import type { OutsideCall } from './outside-calls.ts';
import { recordsRoute } from './records-route.ts';
import type { Incoming, Target } from './signaling.ts';
import { refuseSips } from './sips.ts';
import { trunksNamed, trunksOf } from './trunks-for.ts';
import { withUser } from './with-user.ts';

/**
 * The PBX wants something of a carrier: it goes to the trunks that the Request-URI names, and nowhere else. A call is
 * judged like one of the phone it is for.
 */
export function toTrunk(edge: Edge, incoming: Incoming, facts: CallFacts | undefined): void {
  const { request } = incoming;
  const named = trunksNamed(edge.settings, incoming);
  if (named.length === 0) incoming.answer(404);
  else if (request.method === 'INVITE' && facts !== undefined)
    callOut(edge, incoming, facts, named);
  else {
    const fit = fitFor(request.requestUri, named);
    if (fit.length === 0) refuseSips(incoming);
    else
      incoming.forward({
        targets: fit.map(({ uri }) => ({ nextHop: uri, realm: 'trunk' })),
        recordRoute: recordsRoute(request.method),
        tryNextAfterMs: edge.pbx.tryNextAfterMs,
      });
  }
}

/** Where there is a dial plan it says by which trunks, and as which number. */
function callOut(
  edge: Edge,
  incoming: Incoming,
  facts: CallFacts,
  named: readonly TrunkSettings[],
): void {
  const { request } = incoming;
  if (!admit(incoming, edge.gatekeeper.judge('outbound', facts))) return;
  const { chosen } = facts;
  const trunks = chosen === undefined ? named : trunksOf(edge.settings, chosen.route);
  const fit = fitFor(request.requestUri, trunks).filter(
    ({ name }, at) => at === 0 || facts.emergency || hasRoomOn(edge, name, facts),
  );
  if (fit.length === 0) {
    refuseSips(incoming);
    return;
  }
  openCall(edge, incoming, facts, (opened) => forward(edge, incoming, facts, fit, opened));
}

const hasRoomOn = ({ gatekeeper }: Edge, trunk: string, facts: CallFacts): boolean =>
  gatekeeper.policy.hasRoomOn(trunk, facts, gatekeeper.looking);

function forward(
  edge: Edge,
  incoming: Incoming,
  facts: CallFacts,
  fit: readonly TrunkSettings[],
  opened: OpenedCall,
): void {
  const { request } = incoming;
  const { continues } = facts;
  if (continues !== undefined) continues.continued = true;
  const number = numberSent(facts);
  /** Its place at a trunk other than the one that it was judged for. */
  let elsewhere: ((status: number) => void) | undefined;

  incoming.forward({
    targets: fit.map((trunk) => ({
      nextHop: trunk.uri,
      realm: 'trunk',
      requestUri: number && renumbered(request.requestUri, number, trunk),
    })),
    recordRoute: true,
    tryNextAfterMs: edge.pbx.tryNextAfterMs,
    onAnswer({ status }, target) {
      const trunk = nameOf(fit, target);
      if (trunk === undefined || status < 200) return undefined;
      edge.observer.trunkAnswered(trunk, status);
      if (opened.outside !== undefined && status < 300) opened.outside.trunk = trunk;
      return undefined;
    },
    onTargetFailed(target, failure) {
      const trunk = nameOf(fit, target);
      if (trunk !== undefined)
        edge.observer.trunkAnswered(trunk, failure === 'unavailable' ? 503 : undefined);
      elsewhere?.(503);
      const next = fit[fit.findIndex(({ name }) => name === trunk) + 1];
      elsewhere =
        next === undefined || facts.emergency
          ? undefined
          : edge.leases.open(callName(facts), [keyOf('trunk', next.name)], Date.now());
    },
    onDone(status) {
      if (continues !== undefined && mayGoOn(continues, status)) continues.continued = false;
      opened.done(status);
      elsewhere?.(status);
    },
  });
}

/**
 * May the PBX send it again? As long as the phone's own call rings. Of a transfer or a redirection nothing is left but
 * that it was allowed, once: it may try another trunk, and not call anew for whoever wants the same number.
 */
const mayGoOn = ({ by }: OutsideCall, status: number): boolean =>
  status >= 300 && (by === 'invite' || status === 408 || (status >= 500 && status < 600));

/** RFC 5630: what is asked for by `sips:` goes by TLS, or not at all. */
const fitFor = (requestUri: string, trunks: readonly TrunkSettings[]): readonly TrunkSettings[] =>
  isSips(requestUri) ? trunks.filter(overTls) : trunks;

function overTls({ uri }: TrunkSettings): boolean {
  const transport = uriParameter(parseUri(uri)?.parameters ?? '', 'transport');
  return isSips(uri) || transport?.toLowerCase() === 'tls';
}

/** What is dialled at the trunk, when it is not what the PBX dialled: only what was judged leaves. */
const numberSent = ({ chosen, dialled }: CallFacts): string | undefined =>
  chosen?.number ?? (dialled.pin === undefined ? undefined : dialled.digits);

const renumbered = (
  requestUri: string,
  number: string,
  trunk: TrunkSettings,
): string | undefined =>
  parseUri(requestUri)?.user === number
    ? undefined
    : withUser(requestUri, number, parseUri(trunk.uri)?.host ?? '');

const nameOf = (trunks: readonly TrunkSettings[], { nextHop }: Target): string | undefined =>
  trunks.find(({ uri }) => uri === nextHop)?.name;
