import { describe, expect, test } from 'vitest';
import { Policy } from '../policy.ts';
import { policySchema } from '../policy-settings.ts';
import { rulesOf } from '../registry.ts';
import { ask } from './ask.ts';
import { questionSchema } from './question.ts';

const around = {
  at: Date.UTC(2026, 6, 1, 12),
  keyOf: (address: string) => address,
  isLocal: () => false,
  isAllowed: () => false,
  countryOf: () => undefined,
};
const asked = (question: object, settings: object = {}) =>
  ask(new Policy(policySchema.parse(settings)), questionSchema.parse(question), around);

describe('a question (X2)', () => {
  test('about a registration meets the rules of every stage it would meet live', () => {
    const { verdict, trail } = asked({ register: '1001' });
    expect(verdict.kind).toBe('pass');
    expect(trail.map(({ rule }) => rule)).toEqual(
      [...rulesOf.packet, ...rulesOf.network, ...rulesOf.registration].map(({ name }) => name),
    );
  });
  test('is answered by the first rule that refuses, and shows what the others say', () => {
    const { verdict, rule, trail } = asked({
      invite: '0085023811',
      as: '1001',
      registered: false,
    });
    expect([rule, verdict]).toMatchObject(['no-guests', { status: 403, reason: 'guest' }]);
    expect(trail.find((step) => step.rule === 'allowed-countries')?.verdict.kind).toBe('reject');
  });
  test('does not count along', () => {
    const policy = new Policy(policySchema.parse({}));
    const question = questionSchema.parse({ invite: '1002', as: '1001' });
    const kinds = Array.from({ length: 50 }, () => ask(policy, question, around).verdict.kind);
    expect(new Set(kinds)).toEqual(new Set(['pass']));
  });
  test('about an emergency call meets no rule', () => {
    const answer = asked({ invite: '112', as: '1001', registered: false, userAgent: 'sipvicious' });
    expect(answer).toMatchObject({ verdict: { kind: 'pass' }, emergency: true });
  });
  test('says what rules in shadow would refuse', () => {
    const outbound = { 'allowed-countries': { mode: 'shadow' } };
    expect(asked({ invite: '0085023811', as: '1001' }, { outbound }).shadows).toEqual([
      'allowed-countries',
    ]);
  });
});

describe('a question about an outbound route', () => {
  const hash = `hmac-sha256:${'s'.repeat(22)}:${'m'.repeat(43)}`;
  const settings = {
    site: { homeCountry: 'DE' },
    times: { office: { hours: ['mon-fri 08:00-18:00'] } },
    pins: { anna: { hash } },
    outboundRoutes: [
      { name: 'office', patterns: ['+49.'], times: ['office'], pin: 'any', trunks: ['t'] },
    ],
  };
  const number = { invite: '03012345678', as: '1001' };
  test.each([
    [{ ...number, pin: 'anna' }, undefined],
    [number, 'pin-missing'],
    [{ ...number, pin: 'nobody' }, 'pin-wrong'],
    [{ ...number, invite: '4711*03012345678' }, 'pin-wrong'],
    [{ ...number, pin: 'anna', failures: 5 }, 'pin-locked'],
    [{ ...number, pin: 'anna', invite: '0041443335555' }, 'no-route'],
    [{ ...number, by: 'refer' }, 'pin-missing'],
    [{ ...number, realm: 'core', by: 'diversion' }, 'pin-missing'],
  ])('%j: %s', (question, reason) => {
    const { verdict } = asked(question, settings);
    expect('reason' in verdict ? verdict.reason : undefined).toBe(reason);
  });
  test('names the time on the clock where it is out of hours', () => {
    const policy = new Policy(policySchema.parse(settings));
    const sunday = { ...around, at: Date.UTC(2026, 6, 5, 12) };
    const { verdict, trail } = ask(
      policy,
      questionSchema.parse({ ...number, pin: 'anna' }),
      sunday,
    );
    expect(verdict).toMatchObject({ reason: 'outside-times' });
    expect(trail.find(({ rule }) => rule === 'call-times')).toMatchObject({
      saw: 'Sun 12:00 UTC, times office of route office',
      setting: ['outboundRoutes', 0, 'times'],
    });
  });
});

test.each([
  ['nothing asked', {}],
  ['two things at once', { register: '1001', invite: '1002', as: '1001' }],
  ['a call by nobody', { invite: '1002' }],
  ['an unknown key', { register: '1001', user: 'x' }],
])('%s is no question', (_what, question) => {
  expect(questionSchema.safeParse(question).success).toBe(false);
});
