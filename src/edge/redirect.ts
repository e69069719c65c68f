import type { CallBy, Identity } from '../policy/facts.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import { CallFacts } from './call-facts.ts';
import type { Edge } from './edge.ts';
import type { Binding } from './registrations.ts';
import type { Flow, HeaderChange, Incoming } from './signaling.ts';
import { userOfUri } from './user-part.ts';

/**
 * A phone answers a call by telling the PBX to call elsewhere: each place is a call of that phone. Those it may not
 * call are taken out; a PBX that gets no place at all takes the answer for a refusal (RFC 3261 §8.1.3.4).
 */
export function judgeRedirect(
  edge: Edge,
  incoming: Incoming,
  binding: Binding,
  flow: Flow,
  answer: Message,
): readonly HeaderChange[] | undefined {
  if (answer.status < 300 || answer.status >= 400) return undefined;
  const places = answer.list(Header.contact);
  const allowed = places.filter((place) => {
    const uri = parseNameAddress(place)?.uri;
    if (uri === undefined) return false;
    const facts = new RedirectFacts(edge, incoming, binding, flow, uri);
    const { verdict } = edge.gatekeeper.judge('outbound', facts);
    if (verdict.kind === 'pass') edge.outside.expect(facts);
    return verdict.kind === 'pass';
  });
  if (allowed.length === places.length) return undefined;
  return [{ name: 'Contact', value: allowed.length > 0 ? allowed.join(', ') : undefined }];
}

/** The facts of a call that a phone asks the PBX to make in its place: who called it is not who is charged. */
class RedirectFacts extends CallFacts {
  readonly #extension: string;

  constructor(edge: Edge, incoming: Incoming, binding: Binding, flow: Flow, target: string) {
    super(edge, incoming, Date.now(), { target: edge.uris.behind(target) ?? target, flow });
    this.#extension = userOfUri(`sip:${binding.aor}`);
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
