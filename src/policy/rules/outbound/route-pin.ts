import { z } from 'zod';
import type { Counters } from '../../counters.ts';
import type { CallFacts } from '../../facts.ts';
import { leavesTheHouse } from '../../leaves-the-house.ts';
import { mayOpen } from '../../pins.ts';
import { defineRule } from '../../rule.ts';
import { answerOption } from '../../rule-options.ts';
import { asked, pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  wrongAttempts: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe(
      'wrong PINs of one extension from one source, after which the right one is refused too',
    ),
  withinSeconds: z.int().min(10).max(86_400).default(600).describe('how long a wrong PIN counts'),
  answer: answerOption(403),
});

/** Under which wrong PINs are counted. */
export const pinFailuresOf = ({ extension, source }: CallFacts): string =>
  `pin ${extension ?? ''}|${source.key}`;

/**
 * O3. Whoever guesses is told no more than whoever forgot: the answer is the same for a PIN that is missing, wrong or
 * no longer looked at. It is wrong PINs that are counted, so that a call without one locks nobody out. Over UDP anybody
 * could send them in the name of a phone: whoever dials one there shows first that he is who he seems (N12).
 */
export const routePin = defineRule({
  name: 'route-pin',
  stage: 'outbound',
  requirement: 'O3',
  summary: 'refuses calls by a route that asks for a PIN, without one or with a wrong one',
  reasons: ['pin-missing', 'credentials-not-proven', 'pin-wrong', 'pin-locked'],
  mode: 'on',
  options,
  create({ wrongAttempts, withinSeconds, answer }, { routes, pins, guests }) {
    const missing = refuse(answer, 'pin-missing');
    const wrong = refuse(answer, 'pin-wrong');
    const locked = refuse(answer, 'pin-locked');
    const prove = asked('credentials-not-proven');
    const asking = (facts: CallFacts) => {
      const route = leavesTheHouse(facts) ? routes.named(facts.route?.name) : undefined;
      return route === undefined || route.pin === null ? undefined : route;
    };
    const failures = (facts: CallFacts, counters: Counters): number =>
      counters.failures(pinFailuresOf(facts), withinSeconds, facts.at);

    return {
      judge(facts, counters) {
        const route = asking(facts);
        if (route === undefined) return pass;
        const { pin, extension } = facts;
        if (pin === undefined) return missing;
        if (facts.doubtful && guests.find(facts.source.address) === undefined) return prove;
        if (failures(facts, counters) >= wrongAttempts) return locked;
        const { entry: name = '' } = pin;
        const entry = Object.hasOwn(pins, name) ? pins[name] : undefined;
        return entry !== undefined && mayOpen(entry, name, route, extension) ? pass : wrong;
      },
      explain(facts, counters) {
        const route = asking(facts);
        if (route === undefined)
          return {
            saw: facts.route === undefined ? 'no route' : `route ${facts.route.name}, no PIN`,
          };
        const { pin } = facts;
        const given =
          pin === undefined ? 'none' : pin.entry === undefined ? 'a wrong one' : `of ${pin.entry}`;
        const wanted = route.pin === 'any' || route.pin === null ? 'any' : route.pin.join(' ');
        return {
          saw: `PIN ${given}, wanted ${wanted}, ${failures(facts, counters)} wrong of late (${wrongAttempts} lock)`,
          setting: ['outboundRoutes', routes.indexOf(route.name) ?? 0, 'pin'],
          flip: 'dial a PIN that opens the route before the number: PIN*number',
        };
      },
    };
  },
});
