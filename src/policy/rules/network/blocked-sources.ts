import { z } from 'zod';
import { Networks } from '../../networks.ts';
import { defineRule } from '../../rule.ts';
import { networksOption } from '../../rule-options.ts';
import { pass, refuse } from '../../verdict.ts';

const options = z.strictObject({
  sources: networksOption
    .default([])
    .describe(
      'addresses and networks that are blocked for good, besides the block list and lists.yaml',
    ),
});

/**
 * N2, N15. The block list is what rules and `drawbridge block` put there; it outlives a restart. Lists of others are in
 * policies/lists.yaml. There is no answer but silence: this is asked of every packet, before it is read.
 */
export const blockedSources = defineRule({
  name: 'blocked-sources',
  stage: 'packet',
  requirement: 'N2',
  summary: 'drops what comes from a blocked source',
  reasons: ['source-blocked'],
  mode: 'on',
  options,
  create({ sources }) {
    const networks = new Networks(sources);
    const some = sources.length > 0;
    const refusal = refuse('silence', 'source-blocked');
    return {
      judge: ({ source }) =>
        source.blocked !== undefined || (some && networks.find(source.address) !== undefined)
          ? refusal
          : pass,
      explain({ source }) {
        const { address, blocked } = source;
        const listed = networks.find(address);
        if (blocked === undefined && listed === undefined)
          return { saw: `${address}, not blocked` };
        const setting = ['network', 'blocked-sources', 'sources'] as const;
        if (blocked === undefined)
          return {
            saw: `${address} in ${listed}`,
            setting: [...setting, sources.indexOf(listed ?? '')],
            flip: `take ${listed} off the list`,
          };
        const { network, rule, evidence, until, list } = blocked;
        if (list !== undefined)
          return {
            saw: `${address} named as ${network} by ${rule}, ${evidence}`,
            flip: `except: [${address}] under lists.${list} in policies/lists.yaml`,
          };
        const end = until === undefined ? 'for good' : `until ${new Date(until).toISOString()}`;
        return {
          saw: `${address} blocked as ${network} by ${rule} ${end}: ${evidence}`,
          flip: `drawbridge unblock ${network}`,
        };
      },
    };
  },
});
