import { admit } from './admit.ts';
import { CallFacts } from './call-facts.ts';
import { unmarkedCredentials, withoutCredentials } from './credentials.ts';
import type { Edge } from './edge.ts';
import { withoutForeignNames } from './foreign-names.ts';
import { restoringTo } from './hidden-pins.ts';
import type { Forwarding, HeaderChange, Incoming } from './signaling.ts';
import { stripTrunkMark } from './strip-for-pbx.ts';
import { admitTransfer } from './transfer.ts';
import { namesANumber } from './user-part.ts';

const nothing: readonly HeaderChange[] = [];

/**
 * A request inside a call or subscription goes where its dialog says: re-INVITE, BYE, REFER, NOTIFY, INFO,
 * whatever it is, from either side. One that belongs to nothing we know is told so.
 */
export function inDialog(edge: Edge, incoming: Incoming): void {
  const { routed, flow, request } = incoming;
  if (!routed) {
    incoming.answer(481);
    return;
  }
  if (flow.realm === 'core') {
    incoming.forward({ targets: 'as-routed', ...answeredByName(edge, incoming) });
    return;
  }
  const facts = incoming.call === undefined ? new CallFacts(edge, incoming, Date.now()) : undefined;
  if (facts !== undefined && !isOfADialog(edge, incoming, facts)) return;
  const transferred = request.method === 'REFER' ? admitTransfer(edge, incoming) : nothing;
  if (transferred === undefined) return;
  incoming.forward({
    targets: 'as-routed',
    headers: [
      ...stripTrunkMark(edge, request),
      ...(facts === undefined || mayBringPassword(facts)
        ? unmarkedCredentials(request, edge.guesses.marks)
        : withoutCredentials),
      ...transferred,
      ...(flow.realm === 'access' && naming.has(request.method)
        ? withoutForeignNames(edge, request, flow)
        : nothing),
    ],
    ...restoringTo(request, edge.gatekeeper.policy.site),
  });
}

/** What says anew who the two are. */
const naming: ReadonlySet<string> = new Set(['INVITE', 'UPDATE']);

/** And its answer, where a phone gives it. */
const answeredByName = (
  edge: Edge,
  { request }: Incoming,
): Pick<Forwarding, 'onAnswer'> | undefined =>
  naming.has(request.method)
    ? {
        onAnswer: (answer, { nextHop }) =>
          typeof nextHop === 'object' && nextHop.realm === 'access'
            ? withoutForeignNames(edge, answer, nextHop)
            : undefined,
      }
    : undefined;

/**
 * Inside a call that is here a password answers what the PBX asks there. Of no call that we know only a phone that is
 * registered by that very flow brings one, after a restart say: anybody else may have made the To tag and the Route up,
 * to have it tried where nothing counts.
 */
const mayBringPassword = ({ source, onOwnFlow }: CallFacts): boolean =>
  source.realm !== 'access' || onOwnFlow;

/** What calls or writes to whoever its Request-URI names, where it is of no dialog. */
const opening: ReadonlySet<string> = new Set(['INVITE', 'MESSAGE']);

/**
 * A To tag and a Route of ours, which every phone that was in a call has seen, make no dialog. We may have forgotten one,
 * over a restart say; but the PBX may know of none and take this for new, so it is judged as if it were. What is
 * addressed to the PBX by a name of its own calls nobody.
 */
function isOfADialog(edge: Edge, incoming: Incoming, facts: CallFacts): boolean {
  const { flow, request } = incoming;
  if (!opening.has(request.method)) return true;
  if (!namesANumber(facts.calledUri)) return true;
  // let in as of an emergency call that there is not
  if (edge.gatekeeper.isShutOut(flow.listener, flow.address, flow.port)) {
    incoming.answer(481);
    return false;
  }
  const stage = flow.realm === 'trunk' ? 'inbound' : 'outbound';
  return admit(incoming, edge.gatekeeper.judge(stage, facts));
}
