import type { PolicySettings } from './policy-settings.ts';
import { sourceCountries } from './rules/network/source-countries.ts';
import { settingsOf } from './settings-of.ts';

/** Does a rule ask which country an address is in? */
export const needsCountries = (policy: PolicySettings): boolean =>
  policy.site.rules !== 'off' && settingsOf(policy, sourceCountries).mode !== 'off';
