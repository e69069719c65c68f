import { z } from 'zod';
import { leavesTheHouse } from '../../leaves-the-house.ts';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  noRouteAnswer: answerOption(404).describe(
    'how it refuses what no route takes: silence, or a status',
  ),
  answer: answerOption(403),
});

/**
 * O2. As long as there are no outbound routes the PBX decides alone where calls go. Once there are, what none of them
 * takes goes nowhere.
 */
export const routePermission = defineRule({
  name: 'route-permission',
  stage: 'outbound',
  requirement: 'O2',
  summary: 'refuses outside calls that no outbound route takes, or none that serves the extension',
  reasons: ['no-route', 'route-not-permitted'],
  mode: 'on',
  options,
  create({ answer, noRouteAnswer }, { routes }) {
    const noRoute = refuse(noRouteAnswer, 'no-route');
    const notPermitted = refuse(answer, 'route-not-permitted');
    return {
      judge(facts) {
        if (!routes.configured || !leavesTheHouse(facts)) return pass;
        const route = routes.named(facts.route?.name);
        if (route === undefined) return noRoute;
        return routes.serves(route, facts.extension, facts.profile) ? pass : notPermitted;
      },
      explain(facts) {
        const { dialled, extension, profile } = facts;
        if (!routes.configured) return { saw: 'no outbound routes', setting: ['outboundRoutes'] };
        if (!leavesTheHouse(facts)) return { saw: `${dialled.kind} number, which needs no route` };
        const name = facts.route?.name;
        const route = routes.named(name);
        const index = routes.indexOf(name);
        if (route === undefined || index === undefined)
          return {
            saw: `${dialled.digits}, which fits no pattern of ${routes.list.length} routes`,
            setting: ['outboundRoutes'],
            flip: 'add a pattern that fits to a route',
          };
        const served = [...route.extensions, ...route.groups.map((group) => `group ${group}`)];
        const groups = profile.groups.length > 0 ? ` (${profile.groups.join(' ')})` : '';
        return {
          saw: `route ${route.name}, extension ${extension ?? 'unknown'}${groups}, served ${served.join(' ') || 'all'}`,
          setting: ['outboundRoutes', index, route.extensions.length > 0 ? 'extensions' : 'groups'],
          flip: `add ${extension ?? 'the extension'} or a group of it to the route`,
        };
      },
    };
  },
});
