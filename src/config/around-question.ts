import { AddressSet } from '../edge/address-set.ts';
import { sourceOf } from '../edge/packed-address.ts';
import type { Surroundings } from '../policy/asking/imagined-facts.ts';
import type { Settings } from './settings.ts';

/** What the edge would know of a request's source, by the settings alone. */
export function aroundQuestion({ policy }: Settings, at: number): Surroundings {
  const local = new AddressSet(policy.site.localNetworks);
  return {
    at,
    keyOf: sourceOf,
    isLocal: (address) => local.has(address),
    countryOf: () => undefined,
  };
}
