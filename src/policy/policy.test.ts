import { describe, expect, test } from 'vitest';
import {
  aCall,
  aNumber,
  aPacket,
  aRegistration,
  aRequest,
  noCounts,
} from '../../test/support/some-facts.ts';
import type { Stage, StageFacts } from './facts.ts';
import { Policy } from './policy.ts';
import { policySchema } from './policy-settings.ts';
import { reasons } from './reasons.ts';
import { rulesOf, stages } from './registry.ts';

const policy = (settings: Record<string, unknown> = {}) => new Policy(policySchema.parse(settings));
const abroad = aCall({
  dialled: aNumber({ kind: 'international', digits: '00850', country: 'KP' }),
});

describe('a policy', () => {
  test('admits what no rule refuses', () => {
    expect(policy().judge('outbound', aCall(), noCounts)).toEqual({
      verdict: { kind: 'pass' },
      rule: undefined,
      shadows: [],
    });
  });

  test('refuses by the first rule that does, and names it', () => {
    const { verdict, rule } = policy().judge(
      'outbound',
      { ...abroad, registered: false },
      noCounts,
    );
    expect([rule, verdict]).toEqual([
      'no-guests',
      { kind: 'reject', status: 403, reason: 'guest' },
    ]);
  });

  test('lets through what a rule in shadow refuses, and says so', () => {
    const shadow = policy({ outbound: { 'allowed-countries': { mode: 'shadow' } } });
    expect(shadow.judge('outbound', abroad, noCounts)).toMatchObject({
      verdict: { kind: 'pass' },
      shadows: [{ rule: 'allowed-countries', verdict: { reason: 'country-not-allowed' } }],
    });
  });

  test('does not ask a rule that is off', () => {
    const off = policy({ outbound: { 'allowed-countries': { mode: 'off' } } });
    expect(off.judge('outbound', abroad, noCounts).shadows).toEqual([]);
  });

  test.each(['shadow', 'off'] as const)('can put all rules to %s at once', (rules) => {
    const { verdict, shadows } = policy({ site: { rules } }).judge('outbound', abroad, noCounts);
    expect([verdict.kind, shadows.length]).toEqual(['pass', rules === 'off' ? 0 : 1]);
  });

  test('lets an extension have a mode of its own for a rule', () => {
    const own = policy({
      extensions: { list: { 1001: { rules: { 'allowed-countries': 'shadow' } } } },
    });
    const { extensions } = own.site;
    const by = (extension: string) => ({
      ...abroad,
      extension,
      profile: extensions.profileOf(extension),
    });
    expect(own.judge('outbound', by('1001'), noCounts).verdict.kind).toBe('pass');
    expect(own.judge('outbound', by('1002'), noCounts).verdict.kind).toBe('reject');
  });

  test('refuses when a rule throws, and says what it threw', () => {
    const broken = {
      ...abroad,
      get dialled(): never {
        throw new TypeError('a bug');
      },
    };
    const { verdict, rule, fault } = policy().judge('outbound', broken, noCounts);
    expect([rule, verdict]).toEqual([
      'allowed-countries',
      { kind: 'reject', status: 500, reason: 'rule-failed' },
    ]);
    expect(fault).toBeInstanceOf(TypeError);
  });

  test('explains every rule of the stage in order, also behind the one that decides', () => {
    const steps = policy().explain('outbound', { ...abroad, registered: false }, noCounts);
    expect(steps.map(({ rule }) => rule)).toEqual(rulesOf.outbound.map(({ name }) => name));
    expect(steps.find(({ rule }) => rule === 'allowed-countries')).toMatchObject({
      verdict: { kind: 'reject' },
      saw: 'international number, country KP, allowed none',
      setting: ['outbound', 'allowed-countries', 'countries'],
      flip: 'add KP to the countries',
    });
  });
});

describe('an emergency call (O11)', () => {
  const emergency = { emergency: true } as const;
  const facts: { readonly [S in Stage]: StageFacts[S] } = {
    packet: aPacket(),
    network: aRequest(emergency),
    registration: aRegistration(emergency),
    outbound: aCall(emergency),
    inbound: aCall(emergency),
  };
  /** Whatever a rule asks for is the worst there is: every rule that can refuse does. */
  const hopeless = {
    take: () => false,
    within: () => 1e9,
    failures: () => 1e9,
    live: () => 1e9,
    calls: () => 1e9,
    distinct: () => 1e9,
  };

  test.each(stages.filter((stage) => stage !== 'packet'))('is refused by no %s rule', (stage) => {
    expect(policy().judge(stage, facts[stage], hopeless).verdict.kind).toBe('pass');
  });
});

describe('every rule', () => {
  const rules = stages.flatMap((stage) => rulesOf[stage].map((rule) => [rule.name, rule] as const));

  test('has a name of its own', () => {
    const names = rules.map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
  });
  test.each(rules)('%s gives a default and a description to each option', (_name, { options }) => {
    expect(() => options.parse({})).not.toThrow();
    for (const option of Object.values(options.shape))
      expect((option as { description?: string }).description).toBeTruthy();
  });
  test.each(rules)('%s names reasons of the catalogue', (_name, rule) => {
    expect(rule.reasons.length).toBeGreaterThan(0);
    for (const reason of rule.reasons) expect(reasons).toHaveProperty(reason);
  });
});
