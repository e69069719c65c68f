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
  countryOf: () => undefined,
};
const asked = (question: object, settings: object = {}) =>
  ask(new Policy(policySchema.parse(settings)), questionSchema.parse(question), around);

describe('a question', () => {
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

test.each([
  ['nothing asked', {}],
  ['two things at once', { register: '1001', invite: '1002', as: '1001' }],
  ['a call by nobody', { invite: '1002' }],
  ['an unknown key', { register: '1001', user: 'x' }],
])('%s is no question', (_what, question) => {
  expect(questionSchema.safeParse(question).success).toBe(false);
});
