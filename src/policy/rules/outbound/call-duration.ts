import { z } from 'zod';
import type { CallFacts } from '../../facts.ts';
import { leavesTheHouse } from '../../leaves-the-house.ts';
import type { SettingPath } from '../../rule.ts';
import { defineRule } from '../../rule.ts';
import type { Site } from '../../site.ts';
import { pass } from '../../verdict.ts';

const FOUR_HOURS = 4 * 3600;

const options = z.strictObject({
  seconds: z
    .int()
    .min(1)
    .max(604_800)
    .default(FOUR_HOURS)
    .describe(
      'an outside call ends so long after its answer, unless its route or extension says less or more',
    ),
});

/** What a live call is limited by. */
export type LimitedCall = Pick<CallFacts, 'extension' | 'profile' | 'route'>;

/** The seconds a call may last, and where that is said: the less of route and extension, else of the system. */
export function mostSeconds(
  { extension, profile, route }: LimitedCall,
  seconds: number,
  { routes, extensions }: Pick<Site, 'routes' | 'extensions'>,
): { readonly seconds: number; readonly setting: SettingPath } {
  const ofRoute = routes.named(route?.name)?.maxCallSeconds ?? undefined;
  const ofExtension = profile.maxCallSeconds;
  if (ofRoute !== undefined && (ofExtension === undefined || ofRoute <= ofExtension))
    return {
      seconds: ofRoute,
      setting: ['outboundRoutes', routes.indexOf(route?.name) ?? 0, 'maxCallSeconds'],
    };
  return {
    seconds: ofExtension ?? seconds,
    setting: (ofExtension === undefined
      ? undefined
      : extensions.whereSet(extension, 'maxCallSeconds')) ?? [
      'outbound',
      'call-duration',
      'seconds',
    ],
  };
}

/** O9. Lets every call begin; the gate ends it when its time is over. */
export const callDuration = defineRule({
  name: 'call-duration',
  stage: 'outbound',
  requirement: 'O9',
  summary: 'ends outside calls that last too long, on both sides',
  reasons: ['call-too-long'],
  mode: 'on',
  options,
  create({ seconds }, site) {
    return {
      judge: () => pass,
      explain(facts) {
        if (!leavesTheHouse(facts)) return { saw: `${facts.dialled.kind} number, no limit` };
        const most = mostSeconds(facts, seconds, site);
        return { saw: `ends ${most.seconds} s after its answer`, setting: most.setting };
      },
    };
  },
});
