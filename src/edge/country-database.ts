import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { type CountryResponse, Reader } from 'mmdb-lib';

/** ISO 3166 alpha-2; undefined for an address that is in no country by the data. */
export type CountryOf = (address: string) => string | undefined;

const MOST_REMEMBERED = 65_536;
const NOWHERE = '';

/**
 * Says which country an address is in: by the operator's own .mmdb file, or by the data of geoip-lite. Throws, with a
 * message for the operator, when the file is missing or is something else.
 */
export function openCountryDatabase(file: string | null): CountryOf {
  const lookUp = file === null ? geoipLite() : mmdb(file);
  // a look-up costs a microsecond and an object; whoever sends much is looked up once
  const remembered = new LRUCache<string, string>({ max: MOST_REMEMBERED });
  return (address) => {
    let country = remembered.get(address);
    if (country === undefined) {
      country = lookUp(address) ?? NOWHERE;
      remembered.set(address, country);
    }
    return country === NOWHERE ? undefined : country;
  };
}

function mmdb(file: string): CountryOf {
  const reader = new Reader<CountryResponse>(readFileSync(file));
  reader.get('192.0.2.1'); // a file that is cut short says so now
  return (address) => {
    const found = reader.get(address);
    return (found?.country ?? found?.registered_country)?.iso_code;
  };
}

interface GeoipLite {
  lookup(address: string): { readonly country: string } | null;
}

const require = createRequire(import.meta.url);

/**
 * It reads 115 MB of cities at once unless there are none where it looks: then it takes the 7 MB of countries. Where it
 * looks it is told by a global variable, once.
 */
function geoipLite(): CountryOf {
  const data = join(dirname(require.resolve('geoip-lite/package.json')), 'data');
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-countries-'));
  try {
    for (const name of ['geoip-country.dat', 'geoip-country6.dat'])
      symlinkSync(join(data, name), join(folder, name));
    Object.assign(globalThis, { geodatadir: folder });
    const { lookup }: GeoipLite = require('geoip-lite');
    return (address) => lookup(address)?.country || undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
