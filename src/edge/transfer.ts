import { Header } from '../sip/message/header-name.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import { parseUri } from '../sip/message/uri.ts';
import { admit } from './admit.ts';
import { CallFacts } from './call-facts.ts';
import { nameOf } from './call-name.ts';
import { challengeHere } from './challenge-here.ts';
import type { Edge } from './edge.ts';
import { type Diverting, withoutForeignDiversions } from './foreign-names.ts';
import { numberOf } from './outside-calls.ts';
import { callsIn } from './replaced-calls.ts';
import type { Call, Flow, HeaderChange, Incoming } from './signaling.ts';
import { dialledIn, escapedName, namesANumber, unescaped, userOf, userOfUri } from './user-part.ts';
import { registeredAs, speaksForOthers } from './who-calls.ts';
import { asJudged } from './with-user.ts';

/**
 * A phone asks the PBX to call somebody (RFC 3515): that is a call of that phone. Whoever has called in over a trunk may
 * ask the same: the PBX would call in the name of the extension that he speaks with, so it is a call of nobody's here.
 * Undefined when it was refused, else what is to be changed in the request.
 */
export function admitTransfer(edge: Edge, incoming: Incoming): readonly HeaderChange[] | undefined {
  if (incoming.flow.realm === 'core') return noChanges;
  const [place, another] = incoming.request.list(Header.referTo);
  if (place === undefined) return noChanges;
  if (another !== undefined) {
    incoming.answer(400); // RFC 3515 §2.4.2; and each would be judged
    return undefined;
  }
  const uri = parseNameAddress(place)?.uri ?? '';
  const byWhom = saysWhoTransfers(edge, incoming);
  if (joinsCallOf(edge, incoming.flow, uri)) return byWhom;
  const behind = edge.uris.behind(uri);
  const facts = new TransferFacts(edge, incoming, Date.now(), { target: behind ?? uri });
  const decision = edge.gatekeeper.judge('outbound', facts);
  if (decision.verdict.kind === 'challenge') {
    challengeHere(edge, incoming);
    return undefined;
  }
  if (!admit(incoming, decision)) return undefined;
  const judged = asJudged(uri, facts.dialled);
  if (judged !== uri && behind !== undefined) {
    incoming.answer(400); // nobody dials a PIN and means a place of the PBX's own
    return undefined;
  }
  edge.outside.expect(facts);
  return judged === uri ? byWhom : [{ name: 'Refer-To', value: `<${judged}>` }, ...byWhom];
}

/**
 * The PBX repeats Referred-By (RFC 3892) where the transfer leads to a trunk, by a speed dial say, whose number nobody
 * has judged here: the call is charged to whom it names, and else to whoever was transferred. So it names who transfers.
 */
function saysWhoTransfers(edge: Edge, { request, flow }: Incoming): readonly HeaderChange[] {
  if (flow.realm === 'trunk')
    return withoutForeignDiversions(request, nobody, edge.gatekeeper.policy.site);
  if (speaksForOthers(edge, flow)) return noChanges;
  const from = parseNameAddress(request.value(Header.from) ?? '')?.uri ?? '';
  const extension = registeredAs(edge, flow, userOfUri(from), Date.now());
  if (extension === undefined) return noChanges;
  const [says, more] = request.list(Header.referredBy);
  if (more === undefined && userOf(says) === extension) return noChanges;
  const host = parseUri(from)?.host ?? 'invalid';
  return [{ name: 'Referred-By', value: `<sip:${escapedName(extension)}@${host}>` }];
}

const nobody: Diverting = { extension: undefined, profile: {}, called: undefined };

/** What is judged is the call that is asked for, not the asking. */
class TransferFacts extends CallFacts {
  override get by(): 'refer' {
    return 'refer';
  }
  override get method(): string {
    return 'INVITE';
  }
}

const noChanges: readonly HeaderChange[] = [];

/**
 * Does it join two calls that there are (RFC 3891)? Nobody new is called then. Only a live call of this very phone
 * vouches for that, or a URI that we made for the PBX; anybody can write a Replaces. A PBX that knows nothing of the
 * call, or of Replaces, calls whomever the URI names: so it names nobody but who is in that call.
 */
function joinsCallOf(edge: Edge, flow: Flow, uri: string): boolean {
  const replaces = replacesOf(uri);
  if (replaces === undefined) return false;
  const live = callsOf(edge, flow, replaces);
  if (!namesANumber(uri)) return live.length > 0 || edge.uris.behind(uri) !== undefined;
  return live.some((call) => isIn(edge, call, uri));
}

/**
 * Whom the PBX named as the caller, or who was called. What the phone wrote into To is no more than a claim: whoever is
 * outside is in the call if it was that number that was judged.
 */
function isIn(edge: Edge, call: Call, uri: string): boolean {
  const named = userOfUri(uri);
  if (call.caller.realm === 'core') return userOf(call.from) === named;
  if (userOf(call.to) !== named) return false;
  if (edge.registrations.hasUser(named, Date.now())) return true;
  const dialled = edge.gatekeeper.policy.site.readDialled(dialledIn(uri));
  const inside = dialled.kind === 'extension' || dialled.kind === 'service';
  return inside || edge.outside.has(nameOf(call), numberOf({ dialled }));
}

/** The phone's live calls that it names; none if it can be read as naming somebody else's. */
function callsOf(edge: Edge, { address }: Flow, replaces: string): readonly Call[] {
  const live = callsIn(edge, replaces);
  return live.every(({ caller, callee }) => [caller.address, callee.address].includes(address))
    ? live
    : [];
}

/**
 * Of two, it is anybody's guess which is read. And where a second question mark stands before it, Asterisk takes that
 * for a part of the name, finds no Replaces, and calls whom the URI names.
 */
function replacesOf(uri: string): string | undefined {
  const headers = parseUri(uri)?.headers.slice(1) ?? '';
  if (headers.includes('?')) return undefined;
  const [written, another] = headers.matchAll(/(?:^|&)replaces=([^&]*)/gi);
  return written?.[1] === undefined || another !== undefined ? undefined : unescaped(written[1]);
}
