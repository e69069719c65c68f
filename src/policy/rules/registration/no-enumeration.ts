import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import { type Adjust, pass } from '../../verdict.ts';

const options = z.strictObject({
  statuses: z
    .array(z.int().min(400).max(699))
    .default([403, 404, 410, 604])
    .describe(
      'what a PBX may answer that says whether an extension exists; strangers get a challenge instead, as for any other',
    ),
});

/**
 * R7. Many a PBX says 404 of an extension it does not have and 403 after a wrong password, and puts more than that into
 * its headers. A source that holds no registration is told the same of all of them, in our own words.
 */
export const noEnumeration = defineRule({
  name: 'no-enumeration',
  stage: 'registration',
  requirement: 'R7',
  summary: 'tells strangers the same of extensions that exist and of those that do not',
  reasons: [],
  mode: 'on',
  options,
  create({ statuses }) {
    const alike: Adjust = { kind: 'adjust', toldAsChallenge: statuses };
    return {
      judge: ({ source }) => (source.tier === 'unknown' ? alike : pass),
      explain: ({ source }) => ({
        saw:
          source.tier === 'unknown'
            ? `a stranger: ${statuses.join(', ') || 'nothing'} of the PBX is told as a challenge`
            : `${source.tier}: hears what the PBX says`,
      }),
    };
  },
});
