import { z } from 'zod';
import { Guesses } from '../../src/edge/guesses.ts';
import { LiveCounters } from '../../src/edge/live-counters.ts';
import { Ledger } from '../../src/limits/ledger.ts';
import type { Counters } from '../../src/policy/counters.ts';
import type { ExtensionProfile } from '../../src/policy/extension-profile.ts';
import { Extensions, extensionsSchema } from '../../src/policy/extensions.ts';
import type {
  BrokenFacts,
  CallFacts,
  PacketFacts,
  RegistrationFacts,
  RequestFacts,
  Source,
} from '../../src/policy/facts.ts';
import { pinsSchema } from '../../src/policy/pins.ts';
import { outboundRoutesSchema } from '../../src/policy/routes.ts';
import { createSite, type Site, siteSchema } from '../../src/policy/site.ts';
import { timesSchema } from '../../src/policy/times.ts';
import type { Verdict } from '../../src/policy/verdict.ts';

/** Facts for tests: each states only what the test is about. */

export const aSource = (about: Partial<Source> = {}): Source => ({
  address: '198.51.100.7',
  port: 5060,
  transport: 'udp',
  realm: 'access',
  tier: 'unknown',
  key: about.address ?? '198.51.100.7',
  toPort: 5060,
  country: undefined,
  local: false,
  proven: false,
  familiar: false,
  blocked: undefined,
  certificateNames: [],
  ...about,
});

export const aProfile = (about: Partial<ExtensionProfile> = {}): ExtensionProfile => ({
  groups: [],
  listed: true,
  ...about,
});

/** Noon, UTC, on a Wednesday. */
export const AT = Date.UTC(2026, 6, 1, 12);

export const aPacket = (about: Partial<PacketFacts> = {}): PacketFacts => ({
  at: AT,
  source: aSource(),
  ...about,
});

export const aBroken = (about: Partial<BrokenFacts> = {}): BrokenFacts => ({
  ...aPacket(),
  problem: 'not-sip',
  ...about,
});

export const aRequest = (about: Partial<RequestFacts> = {}): RequestFacts => ({
  ...aPacket(),
  emergency: false,
  method: 'OPTIONS',
  inDialog: false,
  userAgent: 'Grandstream GXP2170 1.0.11.64',
  callId: '843817637684230@998sdasdh09',
  requestUri: 'sip:gate.example.com',
  domain: 'gate.example.com',
  requestUser: '',
  from: '1001',
  to: '1001',
  fromTag: '1928301774',
  fromHeader: '"Alice" <sip:1001@gate.example.com>;tag=1928301774',
  headerLines: 12,
  headBytes: 500,
  branch: 'z9hG4bK776asdhds',
  extension: '1001',
  profile: aProfile(),
  doubtful: false,
  ...about,
});

export const aRegistration = (about: Partial<RegistrationFacts> = {}): RegistrationFacts => ({
  ...aRequest({ method: 'REGISTER' }),
  extension: '1001',
  registerName: undefined,
  expires: [3600],
  credentials: true,
  proven: true,
  holder: false,
  registeredHere: false,
  atHome: false,
  guard: undefined,
  shared: false,
  newDevices: 1,
  devices: 0,
  alike: 0,
  returning: false,
  ...about,
});

export const aCall = (about: Partial<CallFacts> = {}): CallFacts => ({
  ...aRequest({
    source: aSource({ tier: 'known', familiar: true }),
    ...{ method: 'INVITE', to: '1002', requestUri: 'sip:1002@gate.example.com' },
  }),
  by: 'invite',
  registered: true,
  onOwnFlow: true,
  identities: [{ header: 'From', user: '1001' }],
  divertedBy: undefined,
  asksAgain: false,
  dialled: aNumber(),
  route: undefined,
  pin: undefined,
  continues: undefined,
  trunk: undefined,
  trunkCertified: true,
  anonymous: false,
  ...about,
});

export const aNumber = (about: Partial<CallFacts['dialled']> = {}): CallFacts['dialled'] => ({
  digits: '1002',
  kind: 'extension',
  e164: undefined,
  country: undefined,
  callingCode: undefined,
  class: 'unknown',
  risks: [],
  pin: undefined,
  ...about,
});

/** Nothing was counted yet. */
export const noCounts: Counters = {
  take: () => true,
  within: () => 1,
  packets: () => 1,
  failures: () => 0,
  live: () => 0,
  calls: () => 1,
  pressure: () => 'none',
  distinct: () => 1,
};

export const extensionsOf = (settings: unknown = {}): Extensions =>
  new Extensions(extensionsSchema.parse(settings));

/** A site where nothing is set but what the test is about. */
export const someSite = (
  settings: object = {},
  extensions: object = {},
  { times, outboundRoutes, pins }: z.input<typeof partsSchema> = {},
): Site =>
  createSite(
    siteSchema.parse(settings),
    extensionsSchema.parse(extensions),
    partsSchema.parse({ times, outboundRoutes, pins }),
  );

const partsSchema = z.object({
  times: timesSchema,
  outboundRoutes: outboundRoutesSchema,
  pins: pinsSchema,
});

/** `pass`, or why not. */
export const outcomeOf = (verdict: Verdict): string =>
  'reason' in verdict ? verdict.reason : verdict.kind;

/** Counters as the gate has them, with nothing counted yet. */
export const countersOfOwn = (): LiveCounters => new LiveCounters(new Guesses(), new Ledger());
