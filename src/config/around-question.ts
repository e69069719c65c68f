import { type CountryOf, openCountryDatabase } from '../edge/country-database.ts';
import { sourceOf } from '../edge/packed-address.ts';
import type { Surroundings } from '../policy/asking/imagined-facts.ts';
import { needsCountries } from '../policy/needs-countries.ts';
import { Networks } from '../policy/networks.ts';
import type { Settings } from './settings.ts';

/** What the edge would know of a request's source, by the settings alone, whenever it is. */
export function aroundQuestions({ policy }: Settings): (at: number) => Surroundings {
  const local = new Networks(policy.site.localNetworks);
  const allowed = new Networks(policy.network.allowed);
  const nowhere: CountryOf = () => undefined;
  const always = {
    keyOf: sourceOf,
    isLocal: (address: string) => local.find(address) !== undefined,
    isAllowed: (address: string) => allowed.find(address) !== undefined,
    countryOf: needsCountries(policy)
      ? openCountryDatabase(policy.network.countryDatabase)
      : nowhere,
  };
  return (at) => ({ at, ...always });
}

/** The same at one moment. */
export const aroundQuestion = (settings: Settings, at: number): Surroundings =>
  aroundQuestions(settings)(at);
