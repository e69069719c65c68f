import type { Stage } from './facts.ts';
import type { RuleDefinition } from './rule.ts';
import { anonymousCallers } from './rules/inbound/anonymous-callers.ts';
import { scanners } from './rules/network/scanners.ts';
import { allowedCountries } from './rules/outbound/allowed-countries.ts';
import { noGuests } from './rules/outbound/no-guests.ts';
import { registerName } from './rules/registration/register-name.ts';

// biome-ignore lint/suspicious/noExplicitAny: the registry forgets each rule's own options; they are parsed before `create`.
type AnyRule<S extends Stage> = RuleDefinition<S, any>;

/**
 * Every rule there is, in the order in which they are asked: the first that refuses decides. The order is part of
 * what the product promises: it stands in the README, and `explain` prints it.
 */
export const rulesOf: { readonly [S in Stage]: readonly AnyRule<S>[] } = {
  packet: [],
  network: [scanners],
  registration: [registerName],
  outbound: [noGuests, allowedCountries],
  inbound: [anonymousCallers],
};

export const stages = Object.keys(rulesOf) as Stage[];
