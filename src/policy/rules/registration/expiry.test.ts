import { describe, expect, test } from 'vitest';
import { aRegistration, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import { expiry } from './expiry.ts';

const rule = (options: object = {}) => expiry.create(expiry.options.parse(options), someSite());
const asked = (expires: number[], options?: object) =>
  rule(options).judge(aRegistration({ expires }), noCounts);

describe('expiry (R9)', () => {
  test.each([[[60]], [[3600]], [[3601]], [[86_400]], [[0]], [[0, 300]]])(
    'lets %j pass, held to 60 to 3600 seconds',
    (expires) => {
      expect(asked(expires)).toEqual({ kind: 'adjust', expires: { least: 60, most: 3600 } });
    },
  );
  test.each([[[59]], [[1]], [[300, 30]]])('refuses %j with 423 and Min-Expires', (expires) => {
    expect(asked(expires)).toEqual({
      kind: 'reject',
      status: 423,
      reason: 'expires-too-short',
      minExpiresSeconds: 60,
    });
  });
  test('raises what is too short where the operator wants that', () => {
    expect(asked([1], { tooShort: 'raise' }).kind).toBe('adjust');
  });
  test('has nothing to say of a question', () => {
    expect(asked([])).toEqual({ kind: 'pass' });
  });
  test('explains by the bound that was met', () => {
    expect(rule().explain(aRegistration({ expires: [30] }), noCounts)).toEqual({
      saw: '30 seconds asked, 60 to 3600 allowed',
      setting: ['registration', 'expiry', 'least'],
      flip: 'ask for 60 seconds or more',
    });
  });
  test('refuses bounds that are the wrong way round', () => {
    expect(expiry.options.safeParse({ least: 600, most: 300 }).success).toBe(false);
  });
});
