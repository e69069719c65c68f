import { z } from 'zod';
import type { RiskyRange } from '../numbers/risky-ranges.ts';
import { exceptionsSchema } from './exceptions.ts';
import { extensionsSchema } from './extensions.ts';
import type { Stage } from './facts.ts';
import { networkShape } from './network-settings.ts';
import { pinsSchema } from './pins.ts';
import { rulesOf } from './registry.ts';
import { outboundRoutesSchema } from './routes.ts';
import type { Mode } from './rule.ts';
import { siteSchema } from './site.ts';
import { timesSchema } from './times.ts';

const mode = (standard: Mode) =>
  z
    .enum(['on', 'shadow', 'off'])
    .default(standard)
    .describe('on; shadow: it judges and counts, and lets through; off');

/** The rules of a stage, each under its name, with its options and its mode. */
function rulesShape(stages: readonly Stage[]) {
  const rules = stages.flatMap((stage) => [...rulesOf[stage]]);
  return Object.fromEntries(
    rules.map((rule) => [
      rule.name,
      rule.options
        .safeExtend({ mode: mode(rule.mode) })
        .prefault({})
        .describe(`${rule.requirement}: ${rule.summary}`),
    ]),
  );
}

const rulesSchema = (stage: Stage) => z.strictObject(rulesShape([stage])).prefault({});

/** Everything that stands in policies/*.yaml, and the routes that lead outside. */
export const policyShape = {
  site: siteSchema,
  network: z
    .strictObject({ ...networkShape, ...rulesShape(['packet', 'broken', 'network']) })
    .prefault({}),
  registration: rulesSchema('registration'),
  outbound: rulesSchema('outbound'),
  inbound: rulesSchema('inbound'),
  extensions: extensionsSchema,
  times: timesSchema,
  pins: pinsSchema,
  outboundRoutes: outboundRoutesSchema,
  exceptions: exceptionsSchema,
} as const;

export const policySchema = z.strictObject(policyShape);
/** `riskyRanges`: the lines of `site.highRiskNumbers`, read. */
export type PolicySettings = z.output<typeof policySchema> & {
  readonly riskyRanges?: readonly RiskyRange[];
};

/** Which key of the settings holds the rules of a stage. */
export const sectionOf: {
  readonly [S in Stage]: 'network' | 'registration' | 'outbound' | 'inbound';
} = {
  packet: 'network',
  broken: 'network',
  network: 'network',
  registration: 'registration',
  outbound: 'outbound',
  inbound: 'inbound',
};
