import { describe, expect, test } from 'vitest';
import { aRegistration, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import type { Tier } from '../../facts.ts';
import { noEnumeration } from './no-enumeration.ts';

const rule = noEnumeration.create(noEnumeration.options.parse({}), someSite());
const by = (tier: Tier) => aRegistration({ source: { ...aRegistration().source, tier } });

describe('no-enumeration (R7)', () => {
  test('has strangers told the same, whatever the PBX says', () => {
    expect(rule.judge(by('unknown'), noCounts)).toEqual({
      kind: 'adjust',
      toldAsChallenge: [403, 404, 410, 604],
    });
  });
  test.each(['known', 'trusted'] as const)('lets those who are %s hear the PBX', (tier) => {
    expect(rule.judge(by(tier), noCounts)).toEqual({ kind: 'pass' });
    expect(rule.explain(by(tier), noCounts).saw).toBe(`${tier}: hears what the PBX says`);
  });
});
