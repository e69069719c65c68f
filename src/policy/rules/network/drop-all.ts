import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { refuse } from '../../verdict.ts';

const options = z.strictObject({});

/** N4. The last of the packet rules: whoever is trusted, and whom a firewall rule accepts, is not asked about. */
export const dropAll = defineRule({
  name: 'drop-all',
  stage: 'packet',
  requirement: 'N4',
  summary:
    'drops everything but what is on the accept list: allowed sources and what a firewall rule accepts',
  reasons: ['drop-all'],
  mode: 'off',
  options,
  create() {
    const refusal = refuse('silence', 'drop-all');
    return {
      judge: () => refusal,
      explain: ({ source }) => ({
        saw: `${source.address} is not on the accept list`,
        flip: 'its address among network.allowed, or a firewall rule that accepts it',
      }),
    };
  },
});
