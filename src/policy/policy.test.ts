import { describe, expect, test } from 'vitest';
import {
  aCall,
  aNumber,
  aPacket,
  aRegistration,
  aRequest,
  aSource,
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

  test('asks of a message or a subscription only the rules that are for those', () => {
    const asked = (method: string) =>
      policy()
        .explain('outbound', { ...abroad, method }, noCounts)
        .map(({ rule }) => rule);
    expect(asked('SUBSCRIBE')).toEqual(['no-guests', 'caller-identity']);
    expect(asked('MESSAGE')).toContain('allowed-countries');
    expect(asked('INVITE')).toEqual(rulesOf.outbound.map(({ name }) => name));
    const { verdict } = policy().judge('outbound', { ...abroad, method: 'SUBSCRIBE' }, noCounts);
    expect(verdict.kind).toBe('pass');
  });

  test('does not take the word of a stranger for an extension whose network rules are off', () => {
    const own = policy({ extensions: { list: { 1001: { rules: { scanners: 'off' } } } } });
    const request = aRequest({
      userAgent: 'friendly-scanner',
      profile: own.site.extensions.profileOf('1001'),
    });
    expect(own.judge('network', request, noCounts).verdict.kind).toBe('drop');
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
      'unknown-numbers',
      { kind: 'reject', status: 500, reason: 'rule-failed' },
    ]);
    expect(fault).toBeInstanceOf(TypeError);
  });

  test('keeps a trail of a rule that threw, without asking it again', () => {
    const broken = {
      ...abroad,
      get dialled(): never {
        throw new TypeError('a bug');
      },
    };
    const asked = policy();
    const decision = asked.judge('outbound', broken, noCounts);
    expect(asked.trail('outbound', broken, noCounts, decision).at(-1)).toMatchObject({
      rule: 'unknown-numbers',
      says: 'refuse',
    });
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

test('a trail ends with the rule that refused, with what it saw', () => {
  const asked = policy({ outbound: { 'no-guests': { mode: 'shadow' } } });
  const facts = { ...abroad, registered: false };
  const decision = asked.judge('outbound', facts, noCounts);
  const trail = asked.trail('outbound', facts, noCounts, decision);
  expect(trail.find(({ rule }) => rule === 'no-guests')).toMatchObject({ says: 'shadow' });
  expect(trail.at(-1)).toEqual({
    rule: 'allowed-countries',
    says: 'refuse',
    saw: 'international number, country KP, allowed none',
    setting: ['outbound', 'allowed-countries', 'countries'],
    flip: 'add KP to the countries',
  });
});

describe('a stranger who is refused (N10)', () => {
  const call = aCall({ registered: false, source: aSource() });
  const met = (settings: Record<string, unknown>, facts = call) =>
    policy(settings).judge('outbound', facts, noCounts).verdict;

  test('meets silence, for the reason of the rule that refuses', () => {
    expect(met({})).toEqual({ kind: 'drop', reason: 'guest' });
    const step = policy()
      .explain('outbound', call, noCounts)
      .find(({ rule }) => rule === 'no-guests');
    expect(step?.verdict).toEqual({ kind: 'drop', reason: 'guest' });
  });
  test.each([
    ['without stealth', { network: { stealth: { mode: 'off' } } }],
    ['while stealth only looks', { network: { stealth: { mode: 'shadow' } } }],
    [
      'by an exception',
      {
        exceptions: {
          x: { rule: 'stealth', source: '198.51.100.0/24', until: '2030-01-01', why: 'x' },
        },
      },
    ],
  ])('is answered %s', (_how, settings) => {
    expect(met(settings)).toEqual({ kind: 'reject', status: 403, reason: 'guest' });
  });
  test('is blocked all the same', () => {
    const network = { scanners: { answer: 403 } };
    const scanner = aRequest({ method: 'INVITE', userAgent: 'sipcli' });
    expect(policy({ network }).judge('network', scanner, noCounts).verdict).toMatchObject({
      kind: 'drop',
      block: { seconds: 3600 },
    });
  });
});

describe('an exception (X5)', () => {
  const excepted = policy({
    extensions: { list: { 1001: { groups: ['sales'] } } },
    exceptions: {
      'trip to Korea': {
        rule: 'allowed-countries',
        group: 'sales',
        until: '2026-07-02 00:00',
        why: 'Kim visits our supplier',
      },
    },
  });
  const { extensions } = excepted.site;
  const by = (extension: string, at: number) =>
    excepted.judge(
      'outbound',
      { ...abroad, at, extension, profile: extensions.profileOf(extension) },
      noCounts,
    );
  const [before, after] = [Date.UTC(2026, 6, 1, 23, 59), Date.UTC(2026, 6, 2)];

  test('lets through whom it names, and says that it did', () => {
    expect(by('1001', before)).toMatchObject({
      verdict: { kind: 'pass' },
      shadows: [{ rule: 'allowed-countries', exception: 'trip to Korea' }],
    });
  });
  test('is for nobody else', () => {
    expect(by('1002', before).verdict.kind).toBe('reject');
  });
  test('ends by itself', () => {
    expect(by('1001', after).verdict.kind).toBe('reject');
  });
  test('is for whoever comes from a network', () => {
    const guest = { rule: 'no-guests', source: '198.51.100.0/24', until: '2026-07-02', why: 'x' };
    const from = (address: string) =>
      policy({ exceptions: { guest } }).judge(
        'outbound',
        aCall({ at: before, registered: false, source: aSource({ address }) }),
        noCounts,
      ).verdict.kind;
    expect([from('198.51.100.7'), from('198.51.101.7')]).toEqual(['pass', 'drop']);
  });
  test('is for one rule', () => {
    const guest = { ...abroad, registered: false, profile: extensions.profileOf('1001') };
    expect(excepted.judge('outbound', guest, noCounts).rule).toBe('no-guests');
  });
  test.each([
    ['everybody', { rule: 'no-guests', until: '2026-07-02', why: 'x' }],
    ['ever', { rule: 'no-guests', extension: '1001', why: 'x' }],
    ['no reason', { rule: 'no-guests', extension: '1001', until: '2026-07-02' }],
  ])('cannot be for %s', (_what, one) => {
    expect(policySchema.safeParse({ exceptions: { one } }).success).toBe(false);
  });
});

describe('an emergency call (O11)', () => {
  const emergency = { emergency: true } as const;
  const facts: { readonly [S in Stage]: StageFacts[S] } = {
    packet: aPacket(),
    broken: { ...aPacket(), problem: 'not-sip' },
    network: aRequest(emergency),
    registration: aRegistration(emergency),
    outbound: aCall(emergency),
    inbound: aCall(emergency),
  };
  /** Whatever a rule asks for is the worst there is: every rule that can refuse does. */
  const hopeless = {
    take: () => false,
    within: () => 1e9,
    packets: () => 1e9,
    failures: () => 1e9,
    live: () => 1e9,
    calls: () => 1e9,
    distinct: () => 1e9,
    pressure: () => 'calls' as const,
  };

  test.each(stages.filter((stage) => stage !== 'packet' && stage !== 'broken'))(
    'is refused by no %s rule',
    (stage) => {
      expect(policy().judge(stage, facts[stage], hopeless).verdict.kind).toBe('pass');
    },
  );
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
  test.each(rules)('%s names reasons of the catalogue', (name, rule) => {
    // one that refuses nothing has none
    expect(rule.reasons.length > 0 || name === 'no-enumeration').toBe(true);
    for (const reason of rule.reasons) expect(reasons).toHaveProperty(reason);
  });
});
