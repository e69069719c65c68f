import { AddressSet } from '../edge/address-set.ts';
import { sourceOf } from '../edge/packed-address.ts';
import type { Surroundings } from '../policy/asking/imagined-facts.ts';
import type { Settings } from './settings.ts';

/** What the edge would know of a request's source, by the settings alone, whenever it is. */
export function aroundQuestions({ policy }: Settings): (at: number) => Surroundings {
  const local = new AddressSet(policy.site.localNetworks);
  const always = {
    keyOf: sourceOf,
    isLocal: (address: string) => local.has(address),
    countryOf: () => undefined,
  };
  return (at) => ({ at, ...always });
}

/** The same at one moment. */
export const aroundQuestion = (settings: Settings, at: number): Surroundings =>
  aroundQuestions(settings)(at);
