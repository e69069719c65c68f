import type { CallBy, Identity } from '../policy/facts.ts';
import { Header } from '../sip/message/header-name.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import { CallFacts } from './call-facts.ts';
import type { Edge } from './edge.ts';
import { withoutForeignNames } from './foreign-names.ts';
import { type Binding, userOfAor } from './registrations.ts';
import type { Flow, Forwarding, HeaderChange, Incoming } from './signaling.ts';
import { asJudged } from './with-user.ts';

/** More places than any phone forwards to. Each is judged, and a large answer has room for thousands. */
const MOST_PLACES = 16;

/**
 * A phone may answer a call by telling the PBX to call elsewhere: each place is a call of that phone, and those it may
 * not call are taken out. When none is left the phone is as good as not there: a 302 without a place would be a riddle,
 * and Asterisk for one would send the caller to itself.
 */
export function judgingRedirects(
  edge: Edge,
  incoming: Incoming,
  binding: Binding,
  flow: Flow,
): Pick<Forwarding, 'onRefusal' | 'onAnswer'> {
  if (incoming.request.method !== 'INVITE') return {};
  let changes: readonly HeaderChange[] | undefined;
  const extension = userOfAor(binding.aor);
  return {
    onRefusal(answer) {
      if (answer.status >= 400) return undefined;
      const places = answer.list(Header.contact);
      const allowed = places
        .slice(0, MOST_PLACES)
        .flatMap((place) => judged(edge, incoming, binding, flow, place));
      if (allowed.length === places.length && allowed.every((one, at) => one === places[at]))
        return undefined;
      changes = [{ name: 'Contact', value: allowed.join(', ') }];
      return allowed.length === 0 ? { status: 480 } : undefined;
    },
    onAnswer(answer) {
      const foreign = withoutForeignNames(edge, answer, flow, extension);
      return changes === undefined ? foreign : [...changes, ...foreign];
    },
  };
}

/** The place as the PBX may be told it; none when it may not be called. */
function judged(
  edge: Edge,
  incoming: Incoming,
  binding: Binding,
  flow: Flow,
  place: string,
): readonly string[] {
  const address = parseNameAddress(place);
  if (address === undefined) return [];
  const { display, uri, parameters } = address;
  const facts = new RedirectFacts(edge, incoming, binding, flow, uri);
  if (edge.gatekeeper.judge('outbound', facts).verdict.kind !== 'pass') return [];
  edge.outside.expect(facts);
  const asked = asJudged(uri, facts.dialled);
  return [asked === uri ? place : `${display}<${asked}>${parameters}`];
}

/** The facts of a call that a phone asks the PBX to make in its place: who called it is not who is charged. */
class RedirectFacts extends CallFacts {
  readonly #extension: string;

  constructor(edge: Edge, incoming: Incoming, binding: Binding, flow: Flow, target: string) {
    super(edge, incoming, Date.now(), { target: edge.uris.behind(target) ?? target, flow });
    this.#extension = userOfAor(binding.aor);
  }

  override get by(): CallBy {
    return 'redirect';
  }
  override get extension(): string {
    return this.#extension;
  }
  override get from(): string {
    return this.#extension;
  }
  override get registered(): boolean {
    return true;
  }
  override get onOwnFlow(): boolean {
    return true;
  }
  override get identities(): readonly Identity[] {
    return [{ header: 'From', user: this.#extension }];
  }
}
