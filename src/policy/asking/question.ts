import { z } from 'zod';
import { address } from '../forms.ts';
import { pressures } from '../pressure.ts';
import { readInstant } from './instant.ts';

const count = z.int().min(0);
const counts = z.union([count, z.record(z.string(), count)]);

/**
 * A request that somebody thinks up: what `explain` is asked, what a policy test expects something of, what replay
 * makes of the past. What is left out is as it would be for an ordinary extension: registered, in no hurry, unknown to
 * nobody.
 */
export const questionShape = {
  register: z.string().optional().describe('the extension that registers'),
  invite: z.string().optional().describe('what an extension dials; needs `as`'),
  inbound: z.string().optional().describe('the number that a trunk calls'),
  method: z
    .string()
    .regex(/^[A-Z]{2,16}$/, 'a method in capital letters: OPTIONS')
    .optional()
    .describe('any other request: OPTIONS, MESSAGE; only network rules are asked'),
  broken: z
    .string()
    .regex(/^[a-z-]{1,40}$/, 'what is wrong with it: not-sip')
    .optional()
    .describe('a message that is none: not-sip, too-large, content-length …'),
  as: z.string().optional().describe('the extension that calls'),
  by: z
    .enum(['invite', 'refer', 'redirect', 'diversion'])
    .optional()
    .describe('how the number came to be called: invite, refer, redirect, diversion'),
  source: address.optional().describe('the IP address it comes from'),
  port: z.int().min(1).max(65_535).optional().describe('the port it comes from, 1 to 65535'),
  toPort: z.int().min(1).max(65_535).optional().describe('the port of the gate that it comes to'),
  transport: z
    .enum(['udp', 'tcp', 'tls', 'ws', 'wss'])
    .optional()
    .describe('udp, tcp, tls, ws or wss'),
  realm: z
    .enum(['access', 'core', 'trunk'])
    .optional()
    .describe('where the source stands: access, core or trunk'),
  tier: z
    .enum(['trusted', 'known', 'unknown'])
    .optional()
    .describe('how far it is trusted: trusted, known or unknown'),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'a country by two capital letters (ISO 3166): DE')
    .optional()
    .describe('the country of the source, by two capital letters'),
  familiar: z
    .boolean()
    .optional()
    .describe('true or false: true, phones are registered from its address'),
  blocked: z.boolean().optional().describe('true or false: true, it is on the block list'),
  guarded: z
    .boolean()
    .optional()
    .describe('true or false: true, many guess at the extension, and only who is known may try'),
  certificateNames: z.array(z.string()).optional().describe('of its client certificate'),
  at: z
    .string()
    .optional()
    .describe('when: 2026-11-28 03:00 in the time of the site, or with Z or an offset'),
  domain: z
    .string()
    .optional()
    .describe('the host of its Request-URI; one of our own if not given'),
  userAgent: z.string().optional().describe('its User-Agent'),
  registerName: z
    .string()
    .optional()
    .describe('the digest user name; of a call, where it is that of another extension'),
  expires: z.int().min(0).optional().describe('seconds asked for'),
  devices: count.optional().describe('how many devices of the extension are registered'),
  newDevice: z
    .boolean()
    .optional()
    .describe('true or false: false, the device is registered already'),
  alike: count
    .optional()
    .describe(
      'so many of those are of the same source and User-Agent: the same phone, most likely',
    ),
  credentials: z
    .boolean()
    .optional()
    .describe('true or false: false, it registers without credentials, as the first time'),
  proven: z
    .boolean()
    .optional()
    .describe('true or false: false, it answers no challenge that went to this source'),
  registered: z
    .boolean()
    .optional()
    .describe('true or false: false, the source holds no registration'),
  sameFlow: z
    .boolean()
    .optional()
    .describe('true or false: false, by another port or connection than it registered by'),
  toRegistered: z
    .boolean()
    .optional()
    .describe('true or false: true, what is dialled is an extension that is registered now'),
  asksAgain: z
    .boolean()
    .optional()
    .describe('true or false: true, the same call once more, now with credentials'),
  from: z.string().optional().describe('the user part of From'),
  fromTag: z.string().optional().describe('the tag of From, by which some tools are known'),
  headerLines: count.optional().describe('how many lines its headers have'),
  headBytes: count.optional().describe('how many bytes its headers have'),
  preferred: z.string().optional().describe('the user part of P-Preferred-Identity'),
  asserted: z.string().optional().describe('the user part of P-Asserted-Identity'),
  remoteParty: z.string().optional().describe('the user part of Remote-Party-ID'),
  pin: z
    .string()
    .optional()
    .describe('the entry of policies/pins.yaml whose PIN was dialled; of no entry: a wrong one'),
  divertedBy: z.string().optional().describe('who forwarded or transferred the call'),
  continues: z
    .string()
    .optional()
    .describe(
      "the rest of the phone's own call, which the PBX sends to a trunk: the route that one took",
    ),
  trunk: z.string().optional().describe('the trunk it came from or leaves by'),
  trunkCertified: z
    .boolean()
    .optional()
    .describe('true or false: false, the trunk has not the certificate that is set for it'),
  anonymous: z.boolean().optional().describe('true or false: true, the caller shows no number'),
  live: counts.optional().describe('live calls: under every key, or by key: { extension:1001: 2 }'),
  recentCalls: counts.optional().describe('calls begun of late, this one not counted'),
  requests: counts.optional().describe('packets and requests of late, this one not counted'),
  failures: counts.optional().describe('failures of late'),
  distinct: counts.optional().describe('different sources or extensions of late'),
  pressure: z
    .enum(pressures)
    .optional()
    .describe('how hard the gate or the PBX is pressed: none, strangers, calls'),
} as const;

/** One thing is asked, and whoever dials is named. */
export function isOneQuestion(
  question: {
    readonly [Key in 'register' | 'invite' | 'inbound' | 'method' | 'broken' | 'as']?: unknown;
  },
  context: { addIssue(issue: { code: 'custom'; message: string; path?: string[] }): void },
): void {
  const asked = (['register', 'invite', 'inbound', 'method', 'broken'] as const).filter(
    (key) => question[key] !== undefined,
  );
  if (asked.length !== 1)
    context.addIssue({
      code: 'custom',
      message: 'exactly one of register, invite, inbound, method, broken',
    });
  if (question.invite !== undefined && question.as === undefined)
    context.addIssue({ code: 'custom', path: ['as'], message: 'the extension that dials' });
}

export const questionSchema = z.strictObject(questionShape).superRefine(isOneQuestion);
export type Question = z.output<typeof questionSchema>;

/** When the question is about; undefined for a time that is none. */
export const momentOf = ({ at }: Question, timeZone: string, now: number): number | undefined =>
  at === undefined ? now : readInstant(at, timeZone);
