import { z } from 'zod';
import type { CallFacts } from '../../facts.ts';
import { Networks } from '../../networks.ts';
import { defineRule } from '../../rule.ts';
import { answerOption, networksOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  guests: networksOption
    .default([])
    .describe('addresses and networks that may call without a registration: adapters, gateways'),
  openMethods: z
    .array(z.string().regex(/^[A-Z]{2,16}$/, 'a method in capital letters: OPTIONS'))
    .default(['OPTIONS'])
    .describe('requests outside a call that anybody may send: those that open nothing'),
  sameFlow: z
    .boolean()
    .default(false)
    .describe(
      'true: a call must come by the very port or connection that registered, not only its address',
    ),
  answer: answerOption(403),
});

/**
 * O1. Only who registered may call, write, subscribe or publish, from the source it registered from; the PBX, trunks
 * and allowed addresses are no guests. All but `openMethods` counts as opening something, what nobody has heard of
 * too: a list of what is forbidden would have a hole for each method that is invented.
 */
export const noGuests = defineRule({
  name: 'no-guests',
  stage: 'outbound',
  methods: 'all',
  requirement: 'O1',
  summary: 'refuses calls from a source that holds no registration for the extension',
  reasons: ['guest'],
  mode: 'on',
  options,
  create({ guests, openMethods, sameFlow, answer }) {
    const refusal = refuse(answer, 'guest');
    const welcome = new Networks(guests);
    const isOpen = ({ method }: CallFacts): boolean => openMethods.includes(method);
    const isRegistered = (facts: CallFacts): boolean =>
      sameFlow ? facts.onOwnFlow : facts.registered;
    const isTrusted = ({ source }: CallFacts): boolean =>
      source.realm !== 'access' || source.tier === 'trusted';

    return {
      judge: (facts) =>
        isRegistered(facts) ||
        isTrusted(facts) ||
        isOpen(facts) ||
        welcome.find(facts.source.address) !== undefined
          ? pass
          : refusal,
      explain(facts) {
        const { extension, source, method } = facts;
        const from = `${source.address}:${source.port}`;
        if (isTrusted(facts)) return { saw: `${from} is trusted` };
        if (isOpen(facts)) return { saw: `${method}, which anybody may send` };
        const guest = welcome.find(source.address);
        if (guest !== undefined) return { saw: `${from} is a guest by ${guest}` };
        return {
          saw: `${extension || 'nobody'} ${isRegistered(facts) ? 'is registered' : 'is not registered'} from ${from}`,
          flip: 'register first, from the same address and port or connection; or add the address to guests',
        };
      },
    };
  },
});
