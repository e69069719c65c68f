import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { shippedFolders } from '../../src/config/settings-files.ts';
import { dataDirectoryAt } from '../../src/control/data-directory.ts';
import { readOrMakePinKey } from '../../src/control/secret-keys.ts';
import { hashPin } from '../../src/edge/pin-check.ts';
import { countryFile } from '../support/country-file.ts';
import type { Row } from './rows.ts';

export const PIN = '471108';
export const CARRIER = '127.2.0.1';
export const SECURE_CARRIER = '127.2.0.2';

const extensions = {
  unlisted: 'refuse',
  defaults: { devices: 100 },
  groups: { sales: {} },
  list: {
    ...Object.fromEntries(Array.from({ length: 60 }, (_, at) => [String(1001 + at), {}])),
    1002: { groups: ['sales'] },
    1003: { registerName: 'desk-3' },
    1004: { userAgents: ['Yealink'] },
    1005: { permittedIps: ['127.11.0.0/24'] },
    1006: { transports: ['tcp'] },
    1007: { remote: false },
    1008: { certificateName: 'phone-8' },
    1009: { devices: 2 },
    1010: { international: false },
    1011: { countries: ['AT'] },
    1012: { allowedNumbers: ['0900.'] },
    1013: { blockedNumbers: ['089666.'] },
    1014: { concurrentCalls: 1 },
    1015: { identities: ['08912345'] },
    1018: { rules: { 'blocked-numbers': 'shadow' } },
    1019: { devices: 2 },
  },
};

const outboundRoutes = [
  { name: 'berlin', patterns: ['030.'], groups: ['sales'], trunks: ['carrier'] },
  { name: 'hours', patterns: ['040.'], times: ['office'], trunks: ['carrier'] },
  { name: 'pinned', patterns: ['050.'], pin: 'any', trunks: ['carrier'] },
  { name: 'national', patterns: ['089.', '0900.'], trunks: ['carrier'] },
  { name: 'abroad', patterns: ['00.'], trunks: ['carrier'] },
];

const network = (countryDatabase: string) => ({
  allowed: ['127.3.0.0/16'],
  'blocked-sources': { sources: ['127.6.0.0/24'] },
  'automatic-defence': {
    rates: [{ port: 25_060, protocol: 'udp', packets: 40, seconds: 10 }],
  },
  firewall: {
    rules: [
      { name: 'office', action: 'accept', sources: ['127.4.0.7', '127.4.0.8'] },
      { name: 'lab', action: 'drop', sources: ['127.4.0.0/24'] },
      { name: 'no TCP', action: 'drop', protocol: 'tcp', sources: ['127.4.1.0/24'] },
    ],
  },
  'source-countries': { mode: 'on', countries: ['DE'], unlisted: 'accept' },
  countryDatabase,
  'hostile-messages': { headerLines: 60 },
  'request-rates': {
    strangers: { invite: { perSecond: 1, burst: 3 }, other: { perSecond: 100, burst: 1000 } },
  },
});

const files = (countryDatabase: string, pinKey: Uint8Array) => ({
  'policies/site.yaml': { site: { homeCountry: 'DE', localNetworks: ['127.0.0.0/12'] } },
  'policies/network.yaml': { network: network(countryDatabase) },
  'policies/extensions.yaml': { extensions },
  'policies/times.yaml': { times: { office: { hours: ['mon-fri 08:00-18:00'] } } },
  'policies/pins.yaml': { pins: { anna: { hash: hashPin(PIN, 's'.repeat(22), pinKey) } } },
  'policies/registration.yaml': {
    registration: {
      lockout: { failures: 4 },
      'spread-guessing': { tenMinutes: 3 },
      'distributed-guessing': { mode: 'on', tenMinutes: 3 },
    },
  },
  'policies/outbound.yaml': {
    outbound: {
      'rotating-prefixes': { tenMinutes: 3 },
      'no-guests': { guests: ['127.12.0.1'] },
      'allowed-countries': { countries: ['GB', 'US'] },
      'blocked-numbers': { blocked: ['089555.'], allowed: ['08955512'] },
      'route-pin': { wrongAttempts: 3 },
      'call-frequency': {
        limits: [{ calls: 5, seconds: 10, each: 'extension', extensions: ['1016', '1017'] }],
      },
    },
  },
  'policies/inbound.yaml': {
    inbound: {
      'anonymous-callers': { mode: 'on' },
      'blocked-callers': { callers: ['+4930666'] },
      'inbound-frequency': { caller: { calls: 3, seconds: 10 } },
      'inbound-calls': { caller: 1 },
    },
  },
  'routes/outbound.yaml': { outboundRoutes },
  'routes/trunks.yaml': {
    trunks: [
      { name: 'carrier', uri: `sip:${CARRIER}:25070` },
      { name: 'secure', uri: `sip:${SECURE_CARRIER}:25070`, certificateName: 'secure' },
    ],
  },
});

/** Where the settings and the data of a gate are, that hold the table's own policy. */
export interface Places {
  readonly root: string;
  readonly data: string;
  readonly flags: readonly string[];
}

/** Writes down the policy of these rows, for a gate at that address, and the rows themselves as its tests. */
export function writePolicy(policy: Row['policy'], rows: readonly Row[], gate: string): Places {
  const root = mkdtempSync(join(tmpdir(), 'table-'));
  const data = join(root, 'data');
  mkdirSync(data, { mode: 0o700 });
  for (const folder of ['routes', 'policies'] as const)
    cpSync(shippedFolders[folder], join(root, folder), { recursive: true });
  const countries = join(root, 'countries.mmdb');
  writeFileSync(countries, countryFile({ '127.240': 'KP', '127.241': 'DE' }));
  const pinKey = readOrMakePinKey(dataDirectoryAt(data));
  for (const [file, tree] of Object.entries(files(countries, pinKey)))
    writeFileSync(join(root, file), stringify(tree));
  const tests = rows.map(({ name, ask, expect, shadow }) => ({ name, ...ask, expect, shadow }));
  writeFileSync(join(root, 'policies/tests/table.yaml'), stringify({ tests }));
  const folders = ['policies', 'routes'].flatMap((one) => [`--${one}`, join(root, one)]);
  // most rows of the first ask by OPTIONS, to which strangers get no answer
  const set = {
    'many-rules': ['network.stealth.mode=off'],
    closed: ['network.drop-all.mode=on', `network.stealth.domains=[${gate}]`],
  }[policy];
  return { root, data, flags: [...folders, ...set.flatMap((one) => ['--set', one])] };
}
