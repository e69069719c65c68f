import { z } from 'zod';
import { defineRule } from '../../rule.ts';
import type { Adjust, Challenge } from '../../verdict.ts';

const options = z.strictObject({});

/**
 * N12, R6. Over UDP anybody can write any source address. Who answers a challenge that went to that address, with the
 * mark that it bore, does get what is sent there; all others are challenged anew before their password is tried or
 * their failure counted. A phone that comes with a nonce of an hour ago loses one round trip: `stale` has it answer by
 * itself. One that does not return `opaque`, which RFC 7616 §3.4 demands, needs this off.
 */
export const provenCredentials = defineRule({
  name: 'proven-credentials',
  stage: 'registration',
  requirement: 'N12',
  summary: 'challenges anew whoever answers no challenge that went to its own address',
  reasons: ['credentials-not-proven'],
  mode: 'on',
  options,
  create() {
    const anew: Challenge = { kind: 'challenge', reason: 'credentials-not-proven', stale: true };
    const marked: Adjust = { kind: 'adjust', marksChallenges: true };
    return {
      // most have none, and the rest is looked up
      judge: (facts) => (!facts.credentials || facts.holder || facts.proven ? marked : anew),
      explain: ({ credentials, proven, holder }) => ({
        saw: !credentials
          ? 'no credentials yet'
          : proven
            ? 'the credentials answer a challenge that went to this source'
            : holder
              ? 'a device that is registered already'
              : 'the credentials answer no challenge that went to this source',
        flip: 'answer the challenge that this one is given',
      }),
    };
  },
});
