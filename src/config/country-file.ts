import { openCountryDatabase } from '../edge/country-database.ts';
import { needsCountries } from '../policy/needs-countries.ts';
import type { PolicySettings } from '../policy/policy-settings.ts';
import { mustBePlainFile } from './plain-file.ts';
import { mismatch, showFound } from './problem.ts';
import { readProblem } from './yaml-file.ts';

/** A country database that is missing, or is something else: without it nobody would know whom to let in. */
export function countryFileProblem(policy: PolicySettings): string | undefined {
  const { countryDatabase: file } = policy.network;
  if (file === null && !needsCountries(policy)) return undefined;
  try {
    if (file !== null) mustBePlainFile(file);
    openCountryDatabase(file);
    return undefined;
  } catch (error) {
    const shown = showFound(file ?? 'the data of geoip-lite');
    return error instanceof Error && 'code' in error
      ? `${shown} ${readProblem(error)}`
      : mismatch(`${shown}, which is something else`, 'a .mmdb file with countries');
  }
}
