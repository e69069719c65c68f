import { z } from 'zod';
import { leavesTheHouse } from '../../leaves-the-house.ts';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({ answer: answerOption(403) });

/** O4. Calls within the house have no hours. */
export const callTimes = defineRule({
  name: 'call-times',
  stage: 'outbound',
  requirement: 'O4',
  summary: 'refuses outside calls out of the times of the route or of the extension',
  reasons: ['outside-times'],
  mode: 'on',
  options,
  create({ answer }, { routes, times, extensions }) {
    const refusal = refuse(answer, 'outside-times');
    return {
      judge(facts) {
        const { profile, at } = facts;
        if (!leavesTheHouse(facts)) return pass;
        const route = routes.named(facts.route?.name);
        const open = times.isAnyNow(profile.times, at) && times.isAnyNow(route?.times, at);
        return open ? pass : refusal;
      },
      explain(facts) {
        const { dialled, profile, at, extension } = facts;
        if (!leavesTheHouse(facts)) return { saw: `${dialled.kind} number, at any time` };
        const route = routes.named(facts.route?.name);
        const index = routes.indexOf(facts.route?.name);
        const byRoute =
          index !== undefined &&
          route !== undefined &&
          (!times.isAnyNow(route.times, at) || profile.times === undefined);
        const names = byRoute ? route.times : (profile.times ?? []);
        const setting = byRoute
          ? ['outboundRoutes', index, 'times']
          : extensions.whereSet(extension, 'times');
        if (names.length === 0) return { saw: 'no times, so always', setting };
        return {
          saw: `${times.show(names[0] ?? '', at)}, times ${names.join(' ')}${byRoute ? ` of route ${route.name}` : ''}`,
          setting,
          flip: `call within ${names.join(' or ')}`,
        };
      },
    };
  },
});
