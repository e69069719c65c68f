import type { ExtensionProfile } from '../policy/extension-profile.ts';
import { isOwnNumber } from '../policy/rules/outbound/caller-identity.ts';
import type { Site } from '../policy/site.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import type { Edge } from './edge.ts';
import { isExtension } from './on-behalf-of.ts';
import type { Flow, HeaderChange } from './signaling.ts';
import { userIn, userOf } from './user-part.ts';
import { registeredAs, speaksForOthers } from './who-calls.ts';

/** On whose behalf a call is made. */
const behalves = [
  { id: Header.diversion, name: 'Diversion' },
  { id: Header.historyInfo, name: 'History-Info' },
  { id: Header.referredBy, name: 'Referred-By' },
] as const;
/** Who makes it. */
const identities = [
  { id: Header.pAssertedIdentity, name: 'P-Asserted-Identity' },
  { id: Header.pPreferredIdentity, name: 'P-Preferred-Identity' },
  { id: Header.remotePartyId, name: 'Remote-Party-ID' },
] as const;
const all = [...behalves, ...identities];
type Naming = (typeof all)[number];

/** Whose message it is, and whom it calls. */
export interface Diverting {
  readonly extension: string | undefined;
  readonly profile: Pick<ExtensionProfile, 'identities'>;
  readonly called: string | undefined;
}

/**
 * A phone may say that it forwards a call itself. What it says of another extension the PBX would repeat to us, when
 * the call goes on to a trunk: it would be charged to that one, by the rights of that one.
 */
export function withoutForeignDiversions(
  message: Message,
  { extension, profile, called }: Diverting,
  site: Site,
): readonly HeaderChange[] {
  return without(behalves, message, (user) => {
    if (user === undefined) return true; // the PBX may read it
    const known = user === extension || user === called || profile.identities?.includes(user);
    return known !== true && isExtension(user, site);
  });
}

/**
 * Who a phone is was judged when its call began. A PBX that believes what it says of that afterwards, in a re-INVITE, an
 * UPDATE or an answer (Asterisk by `trust_id_inbound`), makes the rest of the call in that name: whatever is not its own
 * is left away, and the call goes on.
 */
export function withoutForeignNames(
  edge: Edge,
  message: Message,
  flow: Flow,
  known?: string,
): readonly HeaderChange[] {
  if (!all.some(({ id }) => message.find(id) >= 0)) return nothing;
  if (speaksForOthers(edge, flow)) return nothing;
  const { policy } = edge.gatekeeper;
  const { site } = policy;
  const { address } = flow;
  const at = Date.now();
  const registered = (claimed: string) => registeredAs(edge, flow, claimed, at);
  const speaker =
    known ?? registered(userOf(message.value(message.isRequest ? Header.from : Header.to)));
  const profile = site.extensions.profileOf(speaker);
  const diverting = { extension: speaker, profile, called: undefined };
  const changes = withoutForeignDiversions(message, diverting, site);
  if (!policy.wantsOwnIdentity({ at, source: { address }, extension: speaker, profile }))
    return changes;
  const foreign = without(identities, message, (user) => {
    if (user === undefined) return true;
    if (isOwnNumber(user, speaker, profile, site)) return false;
    const other = registered(user); // a flow may have several lines
    return !isOwnNumber(user, other, site.extensions.profileOf(other), site);
  });
  return [...changes, ...foreign];
}

const nothing: readonly HeaderChange[] = [];

/** Takes out those of the headers in which somebody is named, or nobody can be read, of whom that holds. */
function without(
  headers: readonly Naming[],
  message: Message,
  isForeign: (user: string | undefined) => boolean,
): readonly HeaderChange[] {
  let changes = nothing;
  for (const { id, name } of headers)
    if (message.list(id).some((value) => isForeign(userIn(value))))
      changes = [...changes, { name, value: undefined }];
  return changes;
}
