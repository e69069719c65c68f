import { describe, expect, test } from 'vitest';
import { aCall, noCounts, outcomeOf, someSite } from '../../../../test/support/some-facts.ts';
import { blockedCallers } from './blocked-callers.ts';

const rule = (options: object) =>
  blockedCallers.create(blockedCallers.options.parse(options), someSite({ homeCountry: 'DE' }));
const judged = (from: string, options: object, anonymous = false) =>
  outcomeOf(rule(options).judge(aCall({ from, anonymous }), noCounts));

describe('blocked-callers (I3)', () => {
  test('blocks nobody by default', () => {
    expect(judged('+4930123456', {})).toBe('pass');
  });
  test.each(['+493012345678', '03012345678', '00493012345678'])(
    'finds a caller written %s by its international form',
    (from) => {
      expect(judged(from, { callers: ['+493012345678'] })).toBe('caller-blocked');
      expect(judged(from, { callers: ['+493012345679'] })).toBe('pass');
    },
  );
  test('blocks by pattern, but for what is allowed', () => {
    const options = { callers: ['+4930.'], allowed: ['+493012345678'] };
    expect(judged('+493012345679', options)).toBe('caller-blocked');
    expect(judged('+493012345678', options)).toBe('pass');
  });
  test('finds who hides his number from whom he calls', () => {
    const options = { callers: ['+493012345678'] };
    expect(judged('+493012345678', options, true)).toBe('caller-blocked');
    const identities = [
      { header: 'From', user: 'anonymous' },
      { header: 'P-Asserted-Identity', user: '03012345678' },
    ] as const;
    const hidden = aCall({ from: 'anonymous', anonymous: true, identities });
    expect(outcomeOf(rule(options).judge(hidden, noCounts))).toBe('caller-blocked');
  });
  test('leaves callers without a number to another rule', () => {
    expect(judged('anonymous', { callers: ['.'] }, true)).toBe('pass');
  });
  test('explains by the entry', () => {
    const facts = aCall({ from: '03012345678' });
    expect(rule({ callers: ['X', '+4930.'] }).explain(facts, noCounts)).toMatchObject({
      saw: '03012345678 is blocked by +4930.',
      setting: ['inbound', 'blocked-callers', 'callers', 1],
    });
  });
});
