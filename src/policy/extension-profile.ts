import { z } from 'zod';
import { country, source } from './forms.ts';
import type { Mode } from './rule.ts';
import { patternsOption } from './rule-options.ts';

/**
 * What the site says of an extension. The same keys stand in `defaults`, in a group and in the extension itself: the
 * extension's own word counts, then its groups' from first to last, then the defaults.
 */
export const profileShape = {
  registerName: z
    .string()
    .min(1)
    .optional()
    .describe('R1: the digest user name it must register with; any if not given'),
  userAgents: z
    .array(z.string().min(2))
    .min(1)
    .optional()
    .describe('R2: its User-Agent must begin with one of these; any if not given'),
  permittedIps: z
    .array(source)
    .min(1)
    .optional()
    .describe('R3: addresses or networks it may register and call from; anywhere if not given'),
  transports: z
    .array(z.enum(['udp', 'tcp', 'tls', 'ws', 'wss']))
    .min(1)
    .optional()
    .describe('R4: what it may register over; anything if not given'),
  devices: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('R5: devices registered at once; registration.devices.most if not given'),
  remote: z
    .boolean()
    .optional()
    .describe(
      'R8: may it register from outside site.localNetworks; registration.remote-registration.remote if not given',
    ),
  certificateName: z
    .string()
    .min(1)
    .optional()
    .describe(
      'R11: a name its client certificate must have, {extension} for its own, *. for any one label; none is needed if not given',
    ),
  international: z
    .boolean()
    .optional()
    .describe('O5: false bars it from calling abroad altogether'),
  countries: z
    .array(country)
    .optional()
    .describe('O5: countries it may call, in place of those of the site'),
  allowedNumbers: patternsOption
    .optional()
    .describe('O6: numbers and patterns it may call whatever is blocked, abroad too'),
  blockedNumbers: patternsOption
    .optional()
    .describe('O6: numbers and patterns it may not call, besides those of the site'),
  concurrentCalls: z
    .int()
    .min(0)
    .max(10_000)
    .optional()
    .describe('O8: its live calls at once; outbound.concurrent-calls if not given'),
  maxCallSeconds: z
    .int()
    .min(1)
    .max(604_800)
    .optional()
    .describe('O9: its calls end after this; outbound.call-duration if not given'),
  times: z
    .array(z.string().min(1))
    .optional()
    .describe('O4: when it may call outside, names of times, any of them; always if not given'),
  identities: z
    .array(z.string().min(1))
    .optional()
    .describe('O12: numbers it may show as caller besides its own'),
  metrics: z
    .boolean()
    .optional()
    .describe(
      'X6: true gives it metrics of its own, where it stands in the list: a handful of lines for each at every scrape',
    ),
  rules: z
    .record(z.string(), z.enum(['on', 'shadow', 'off']))
    .optional()
    .describe('modes of single rules for it: { blocked-classes: shadow }'),
} as const;

export const profileSchema = z.strictObject(profileShape);
export type ProfileSettings = z.output<typeof profileSchema>;

/** With groups and defaults taken in. One object for each extension and snapshot. */
export interface ExtensionProfile extends ProfileSettings {
  readonly groups: readonly string[];
  /** It stands in the list of extensions. */
  readonly listed: boolean;
  readonly rules?: Readonly<Record<string, Mode>> | undefined;
}
