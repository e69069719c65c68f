import { z } from 'zod';
import { compileDialPlan, type ReadDialled } from '../numbers/dial-plan.ts';
import type { Dialled } from '../numbers/dialled.ts';
import type { RiskyRange } from '../numbers/risky-ranges.ts';
import { compileWaysToDial, type WaysToDial } from '../numbers/ways-to-dial.ts';
import { Extensions, type ExtensionsSettings } from './extensions.ts';
import { country, fileName, numberPattern, source, timeZone } from './forms.ts';
import { Networks } from './networks.ts';
import type { PinsSettings } from './pins.ts';
import { type OutboundRoute, OutboundRoutes } from './routes.ts';
import { Times, type TimesSettings } from './times.ts';

const patterns = z.array(numberPattern);

export const siteSchema = z
  .strictObject({
    rules: z
      .enum(['on', 'shadow', 'off'])
      .default('on')
      .describe('on; shadow: every rule judges and counts and none acts, for the first days; off'),
    homeCountry: country
      .nullable()
      .default(null)
      .describe(
        'the country the site is in, DE; null: every number with an international prefix is abroad',
      ),
    timeZone: timeZone
      .default('UTC')
      .describe('of times in policies/ that name none: Europe/Berlin'),
    localNetworks: z
      .array(source)
      .default([
        '127.0.0.0/8',
        '10.0.0.0/8',
        '172.16.0.0/12',
        '192.168.0.0/16',
        '::1',
        'fc00::/7',
        'fe80::/10',
      ])
      .describe("the site's own addresses and networks"),
    operators: z
      .array(source)
      .default([])
      .describe(
        'addresses and networks of those who run the gate: a policy that shuts them out is refused',
      ),
    highRiskNumbers: fileName
      .nullable()
      .default(null)
      .describe(
        'a list of your own (CSV) of number ranges known for fraud; null: the one that ships',
      ),
    dialPlan: z
      .strictObject({
        outsidePrefix: z
          .string()
          .regex(/^[0-9*#]{0,4}$/, 'at most four digits')
          .default('')
          .describe('dialled first for an outside line, 0 or 9; empty: none'),
        internationalPrefixes: z
          .array(z.string().regex(/^[0-9]{1,6}$/, 'digits'))
          .nullable()
          .default(null)
          .describe(
            "what is dialled before a country code; null: the country's own, or 00 and 011 without homeCountry; + always is one",
          ),
        nationalPrefix: z
          .string()
          .regex(/^[0-9]{0,3}$/, 'at most three digits')
          .nullable()
          .default(null)
          .describe("what is dialled before an area code; null: the country's own"),
        extensions: patterns
          .default(['XX', 'XXX', 'XXXX'])
          .describe(
            'numbers that stay in the house, as patterns: X 0-9, Z 1-9, N 2-9, [1-5], . one or more, ! any',
          ),
        services: patterns
          .default(['*X!', '**X!', '#X!'])
          .describe('feature codes of the PBX, as patterns'),
        emergencyNumbers: z
          .array(z.string().regex(/^[0-9]{2,6}$/, 'digits'))
          .nullable()
          .default(null)
          .describe(
            'called whatever any rule says; null: those of homeCountry, or 112, 911 and 999',
          ),
        pinSeparator: z
          .enum(['*', '#'])
          .nullable()
          .default('*')
          .describe('between a PIN and the number, PIN*number; null: PINs are not dialled'),
      })
      .prefault({}),
  })
  .prefault({});
export type SiteSettings = z.output<typeof siteSchema>;

/** What a rule is made with besides its own options: the rest of one snapshot. */
export interface Site {
  readonly settings: SiteSettings;
  readonly extensions: Extensions;
  readonly times: Times;
  readonly routes: OutboundRoutes;
  readonly pins: PinsSettings;
  readonly readDialled: ReadDialled;
  readonly waysToDial: WaysToDial;
  /** Who may call without a registration (`no-guests`). */
  readonly guests: Networks;
}

/** What stands in files of its own. */
export interface SiteParts {
  readonly times?: TimesSettings;
  readonly outboundRoutes?: readonly OutboundRoute[];
  readonly pins?: PinsSettings;
  readonly riskyRanges?: readonly RiskyRange[];
  readonly guests?: readonly string[];
}

export function createSite(
  settings: SiteSettings,
  extensionsSettings: ExtensionsSettings,
  {
    times: named = {},
    outboundRoutes = [],
    pins = {},
    riskyRanges = [],
    guests = [],
  }: SiteParts = {},
): Site {
  const { homeCountry, timeZone, dialPlan } = settings;
  const times = new Times(named, timeZone);
  // where there are none, PIN*number is nothing that could be taken apart: it goes to the PBX as it is, and is judged so
  const pinSeparator = Object.keys(pins).length > 0 ? dialPlan.pinSeparator : null;
  const extensions = new Extensions(extensionsSettings);
  const read = compileDialPlan({ homeCountry, ...dialPlan, pinSeparator }, riskyRanges);
  return {
    settings,
    extensions,
    times,
    routes: new OutboundRoutes(
      outboundRoutes,
      dialPlan.outsidePrefix,
      times,
      (digits) => read(digits).kind === 'emergency',
    ),
    pins,
    guests: new Networks(guests),
    waysToDial: compileWaysToDial({ homeCountry, ...dialPlan }),
    readDialled(dialled) {
      const number = read(dialled);
      return extensions.has(dialled) ? asExtension(number) : number;
    },
  };
}

/** Who has a name of his own, or a number of another length than the others, is no less in the house. */
export const asExtension = (number: Dialled): Dialled =>
  number.kind === 'unknown' || number.kind === 'national'
    ? {
        ...number,
        kind: 'extension',
        e164: undefined,
        country: undefined,
        callingCode: undefined,
        class: 'unknown',
        risks: [],
      }
    : number;
