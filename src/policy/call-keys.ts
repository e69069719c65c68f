import type { CallFacts } from './facts.ts';

/**
 * Is it the rest of a phone's call, which counts itself? Whoever transferred or redirected makes no call that would:
 * the one that the PBX makes for him is his.
 */
export const countsAlready = ({ continues, by }: Pick<CallFacts, 'continues' | 'by'>): boolean =>
  continues !== undefined && by === 'invite';

/** The route under which it counts: the phone's call that it is the rest of may hold a place there. */
export function countedRoute(
  facts: Pick<CallFacts, 'continues' | 'by' | 'route'>,
): string | undefined {
  const route = facts.route?.name;
  return countsAlready(facts) && route === facts.continues?.route ? undefined : route;
}

/** Everything that a call counts under, as limits name it: `extension:1001`, `group:sales`, `all`. */
export function callKeys(facts: CallFacts): readonly string[] {
  const { trunk } = facts;
  const route = countedRoute(facts);
  const keys = keysOfParties(facts);
  if (route !== undefined) keys.push(keyOf('route', route));
  if (trunk !== undefined) keys.push(keyOf('trunk', trunk));
  if (!countsAlready(facts)) keys.push(ALL);
  return keys;
}

function keysOfParties(facts: CallFacts): string[] {
  if (countsAlready(facts)) return [];
  return facts.source.realm === 'trunk' ? keysOfInbound(facts) : keysOfOutbound(facts);
}

export const ALL = 'all';

export type Counted = 'extension' | 'group' | 'source' | 'route' | 'trunk' | 'caller' | 'called';

export const keyOf = (counted: Counted, name: string): string => `${counted}:${name}`;

/**
 * The number that a trunk shows as caller, to us at least (`Privacy: id` is for whom he calls); undefined when it shows
 * none. Carriers have more words for that than `anonymous`: `unavailable`, `restricted`, `unknown`.
 */
export function callerOf({ from, identities }: CallFacts): string | undefined {
  if (isNumber(from)) return from;
  return identities.find(({ header, user }) => header === ASSERTED && isNumber(user))?.user;
}

const ASSERTED = 'P-Asserted-Identity'; // RFC 3325: by the carrier
const isNumber = (user: string | undefined): boolean => user !== undefined && /\d/.test(user);

/** The same number may be written in several ways: the number called is to be no other by that. */
export const calledOf = ({ dialled }: CallFacts): string => dialled.e164 ?? dialled.digits;

function keysOfOutbound({ extension, profile, source }: CallFacts): string[] {
  const keys = extension === undefined ? [] : [keyOf('extension', extension)];
  for (const group of profile.groups) keys.push(keyOf('group', group));
  // behind the PBX's address is everybody
  if (source.realm === 'access') keys.push(keyOf('source', source.key));
  return keys;
}

function keysOfInbound(facts: CallFacts): string[] {
  const caller = callerOf(facts);
  const called = keyOf('called', calledOf(facts));
  return caller === undefined ? [called] : [keyOf('caller', caller), called];
}
