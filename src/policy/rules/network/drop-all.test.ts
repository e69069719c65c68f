import { describe, expect, test } from 'vitest';
import { aPacket, aSource, noCounts } from '../../../../test/support/some-facts.ts';
import type { Source } from '../../facts.ts';
import { Policy } from '../../policy.ts';
import { policySchema } from '../../policy-settings.ts';

const judge = (network: object, source: Partial<Source> = {}) =>
  new Policy(policySchema.parse({ network: { 'drop-all': { mode: 'on' }, ...network } })).judge(
    'packet',
    aPacket({ source: aSource(source) }),
    noCounts,
  );

describe('drop-all (N4)', () => {
  test('drops everybody', () => {
    expect(judge({})).toMatchObject({ rule: 'drop-all', verdict: { kind: 'drop' } });
    expect(judge({}, { local: true }).rule).toBe('drop-all');
  });
  test('but for the trusted', () => {
    expect(judge({}, { tier: 'trusted' }).verdict.kind).toBe('pass');
  });
  test('and what a firewall rule accepts, as long as that rule counts', () => {
    const rules = [{ name: 'office', action: 'accept', sources: ['198.51.100.0/24'] }];
    expect(judge({ firewall: { rules } }).verdict.kind).toBe('pass');
    expect(judge({ firewall: { mode: 'shadow', rules } }).verdict.kind).toBe('drop');
  });
});
