import type { Extensions } from '../policy/extensions.ts';
import type { Edge } from './edge.ts';
import { type Registrations, userOfAor } from './registrations.ts';
import type { Flow } from './signaling.ts';

export interface Caller {
  readonly extension: string;
  /** How it is registered where the call came from: by that very flow, or at least from that address. */
  readonly registered: 'flow' | 'address' | undefined;
}

/** A gateway with more lines than that on one flow must say which one calls. */
const MOST_LOOKED_AT = 16;

/**
 * Who calls: whoever is registered by the flow that the call came by. What From claims only chooses among several on
 * one flow: a phone that shows another's number is still itself, and is refused as such. One that calls by a flow it
 * has not registered on, over a new connection say, is known by its address; of an office behind one address that
 * can be a colleague, so the flow comes first.
 */
export function whoCalls(
  registrations: Registrations,
  extensions: Extensions,
  flow: Flow,
  claimed: string,
  now: number,
): Caller {
  const place = registrations.whereIs(claimed, flow.token, flow.address, now);
  if (place === 'flow') return { extension: claimed, registered: 'flow' };
  let first: string | undefined;
  let left = MOST_LOOKED_AT;
  for (const binding of registrations.by(flow.token)) {
    if (left-- === 0) break;
    if (binding.expiresAt <= now) continue;
    const extension = userOfAor(binding.aor);
    if (extensions.profileOf(extension).identities?.includes(claimed))
      return { extension, registered: 'flow' };
    first ??= extension;
  }
  return first === undefined
    ? { extension: claimed, registered: place }
    : { extension: first, registered: 'flow' };
}

/** Whoever is registered where that came from, as `whoCalls` finds him; undefined where nobody is. */
export function registeredAs(
  { gatekeeper, registrations }: Edge,
  flow: Flow,
  claimed: string,
  now: number,
): string | undefined {
  const { extensions } = gatekeeper.policy.site;
  const { extension, registered } = whoCalls(registrations, extensions, flow, claimed, now);
  return registered === undefined ? undefined : extension;
}

/** Does it speak for others, as a gateway does? Allowed addresses and guests: they need not be registered. */
export const speaksForOthers = ({ gatekeeper }: Edge, { address }: Flow): boolean =>
  gatekeeper.isAllowed(address) || gatekeeper.policy.site.guests.find(address) !== undefined;
