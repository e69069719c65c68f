import { z } from 'zod';
import type { PacketFacts, RequestFacts } from '../../facts.ts';
import { isStranger } from '../../is-stranger.ts';
import { defineRule } from '../../rule.ts';
import type { Site } from '../../site.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  domains: z
    .array(
      z
        .string()
        .regex(
          /^([a-z0-9._-]+|[0-9a-f]*:[0-9a-f:.]+)$/i,
          'a domain or an address: sip.example.com',
        ),
    )
    .default([])
    .describe(
      'the domains, names and addresses by which phones address the gate: strangers who name another are not heard; none: any',
    ),
});

/**
 * N10. To somebody who has done nothing yet that only a phone of ours does, the gate does not exist. A REGISTER for a
 * domain of ours is the first word of an honest phone and is answered; what else he is refused, he is refused by silence
 * (`hidesFrom`), and OPTIONS, which asks who is there, is never answered.
 */
export const stealth = defineRule({
  name: 'stealth',
  stage: 'network',
  requirement: 'N10',
  summary: 'is silent to strangers in all but registrations, and in those for other domains',
  reasons: ['stranger'],
  mode: 'on',
  options,
  create({ domains }, site) {
    const refusal = refuse('silence', 'stranger');
    const own = new Set(domains.map((domain) => domain.toLowerCase()));
    const isForOthers = ({ domain }: RequestFacts): boolean =>
      own.size > 0 && domain !== undefined && !own.has(domain);
    return {
      judge: (facts) =>
        meetsSilence(facts, site) &&
        !facts.inDialog &&
        (facts.method === 'OPTIONS' || isForOthers(facts))
          ? refusal
          : pass,
      explain(facts) {
        if (!meetsSilence(facts, site)) return { saw: 'no stranger' };
        const domain = facts.domain === undefined ? '' : ` for ${facts.domain}`;
        return {
          saw: `a stranger: ${facts.method}${domain}`,
          ...(isForOthers(facts) && { setting: ['network', 'stealth', 'domains'] }),
          flip: 'a phone that is registered, or its address among network.allowed',
        };
      },
    };
  },
});

/** A stranger where phones come in, and no guest. */
const meetsSilence = ({ source }: PacketFacts, { guests }: Site): boolean =>
  source.realm === 'access' && isStranger(source) && guests.find(source.address) === undefined;

export type Hidden = PacketFacts & Pick<RequestFacts, 'method' | 'emergency'>;

/** Is whoever is refused here to learn nothing, not even that somebody is here? */
export const hidesFrom = (facts: Hidden, site: Site): boolean =>
  facts.method !== 'REGISTER' && !facts.emergency && meetsSilence(facts, site);
