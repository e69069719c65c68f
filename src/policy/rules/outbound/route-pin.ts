import { z } from 'zod';
import type { Counters } from '../../counters.ts';
import type { CallFacts } from '../../facts.ts';
import { MOST_REMEMBERED } from '../../failure-kinds.ts';
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
  wrongFromAnywhere: z
    .int()
    .min(1)
    .max(MOST_REMEMBERED)
    .default(20)
    .describe(
      'the same of one extension from all its sources; of a guest or a trusted source, of all extensions that it says it is',
    ),
  withinSeconds: z.int().min(10).max(86_400).default(600).describe('how long a wrong PIN counts'),
  answer: answerOption(403),
});

type Guesser = Pick<CallFacts, 'extension' | 'source' | 'registered'>;

/**
 * Under which wrong PINs are counted: those of the extension from there, and all of its own. Who has its password
 * registers from as many addresses as he has. Who need not register is whatever extension he says, so it is his source
 * that counts.
 */
export const pinFailuresOf = ({
  extension = '',
  source,
  registered,
}: Guesser): readonly [string, string] => [
  `pin ${extension}|${source.key}`,
  source.realm === 'access' && !registered ? `pin |${source.key}` : `pin ${extension}|`,
];

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
  create({ wrongAttempts, wrongFromAnywhere, withinSeconds, answer }, { routes, pins, guests }) {
    const inAll = Math.max(wrongFromAnywhere, wrongAttempts);
    const missing = refuse(answer, 'pin-missing');
    const wrong = refuse(answer, 'pin-wrong');
    const locked = refuse(answer, 'pin-locked');
    const prove = asked('credentials-not-proven');
    const asking = (facts: CallFacts) => {
      const route = leavesTheHouse(facts) ? routes.named(facts.route?.name) : undefined;
      return route === undefined || route.pin === null ? undefined : route;
    };
    const failures = (facts: CallFacts, counters: Counters): readonly [number, number] => {
      const [there, anywhere] = pinFailuresOf(facts);
      return [
        counters.failures(there, withinSeconds, facts.at),
        counters.failures(anywhere, withinSeconds, facts.at),
      ];
    };

    return {
      judge(facts, counters) {
        const route = asking(facts);
        if (route === undefined) return pass;
        const { pin, extension } = facts;
        if (pin === undefined) return missing;
        if (facts.doubtful && guests.find(facts.source.address) === undefined) return prove;
        const [there, anywhere] = failures(facts, counters);
        if (there >= wrongAttempts || anywhere >= inAll) return locked;
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
        const [there, anywhere] = failures(facts, counters);
        return {
          saw: `PIN ${given}, wanted ${wanted}, of late ${there} wrong (${wrongAttempts} lock), ${anywhere} in all (${inAll} lock)`,
          setting: ['outboundRoutes', routes.indexOf(route.name) ?? 0, 'pin'],
          flip: 'dial a PIN that opens the route before the number: PIN*number',
        };
      },
    };
  },
});
