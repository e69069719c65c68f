import { Header } from '../sip/message/header-name.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import { parseUri } from '../sip/message/uri.ts';
import { admit } from './admit.ts';
import { CallFacts } from './call-facts.ts';
import { challengeHere } from './challenge-here.ts';
import type { Edge } from './edge.ts';
import type { Flow, HeaderChange, Incoming } from './signaling.ts';
import { namesANumber, unescaped, userOf, userOfUri } from './user-part.ts';
import { withUser } from './with-user.ts';

/**
 * A phone asks the PBX to call somebody (RFC 3515): that is a call of that phone. Undefined when it was refused, else
 * what is to be changed in the request.
 */
export function admitTransfer(edge: Edge, incoming: Incoming): readonly HeaderChange[] | undefined {
  if (incoming.flow.realm !== 'access') return noChanges;
  let changes = noChanges;
  for (const place of incoming.request.list(Header.referTo)) {
    const uri = parseNameAddress(place)?.uri ?? '';
    if (joinsCallOf(edge, incoming.flow, uri)) continue;
    const behind = edge.uris.behind(uri);
    const target = behind ?? uri;
    const facts = new TransferFacts(edge, incoming, Date.now(), { target });
    const decision = edge.gatekeeper.judge('outbound', facts);
    if (decision.verdict.kind === 'challenge') {
      challengeHere(edge, incoming);
      return undefined;
    }
    if (!admit(incoming, decision)) return undefined;
    edge.outside.expect(facts);
    const { pin, digits } = facts.dialled;
    if (pin !== undefined && behind !== undefined) {
      incoming.answer(400); // nobody dials a PIN and means a place of the PBX's own
      return undefined;
    }
    if (pin !== undefined) changes = [{ name: 'Refer-To', value: `<${withUser(uri, digits)}>` }];
  }
  return changes;
}

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
 * vouches for that, by Call-ID and both tags, or a URI that we made for the PBX; anybody can write a Replaces. A PBX that
 * knows nothing of the call, or of Replaces, calls whomever the URI names: so it names nobody but who is in that call.
 */
function joinsCallOf(edge: Edge, flow: Flow, uri: string): boolean {
  const replaces = replacesOf(uri);
  if (replaces === undefined) return false;
  const [callId = '', ...parameters] = replaces.split(';');
  const tags = parameters.map((one) => one.slice(one.indexOf('=') + 1));
  const live = edge.serving
    .callsNamed(callId.trim())
    .filter(
      ({ id, caller, callee }) =>
        tags.length >= 2 &&
        tagsOf(id).every((tag) => tags.includes(tag)) &&
        [caller, callee].some(({ address }) => address === flow.address),
    );
  if (!namesANumber(uri)) return live.length > 0 || edge.uris.behind(uri) !== undefined;
  const named = userOfUri(uri);
  return live.some(({ from, to }) => [from, to].some((party) => userOf(party) === named));
}

/** `call-id;from-tag=a;to-tag=b`: a Call-ID has no semicolon (RFC 3261 §25.1). */
const tagsOf = (id: string): readonly string[] =>
  id
    .split(';')
    .slice(1)
    .map((one) => one.slice(one.indexOf('=') + 1));

function replacesOf(uri: string): string | undefined {
  const headers = parseUri(uri)?.headers ?? '';
  const written = /[?&]replaces=([^&]*)/i.exec(headers)?.[1];
  return written === undefined ? undefined : unescaped(written);
}
