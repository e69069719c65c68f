import { describe, expect, test } from 'vitest';
import { aCall, aNumber, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import type { DialledKind } from '../../../numbers/dialled.ts';
import { unknownNumbers } from './unknown-numbers.ts';

const site = someSite({}, { list: { reception: {} } });
const rule = unknownNumbers.create(unknownNumbers.options.parse({}), site);
const dials = (kind: DialledKind, digits: string) => aCall({ dialled: aNumber({ kind, digits }) });

describe('unknown-numbers (O5)', () => {
  test('refuses what the dial plan cannot explain', () => {
    expect(rule.judge(dials('unknown', '0x1b'), noCounts)).toMatchObject({
      reason: 'number-unknown',
      status: 404,
    });
  });
  test.each(['extension', 'service', 'national', 'international', 'emergency'] as const)(
    'leaves a number of kind %s to other rules',
    (kind) => {
      expect(rule.judge(dials(kind, '1'), noCounts).kind).toBe('pass');
    },
  );
  test('knows the names of extensions', () => {
    expect(rule.judge(dials('unknown', 'reception'), noCounts).kind).toBe('pass');
    expect(rule.judge(dials('unknown', 'toString'), noCounts).kind).toBe('reject');
  });
  test('explains by the dial plan', () => {
    expect(rule.explain(dials('unknown', 'bob'), noCounts)).toMatchObject({
      saw: 'no number of the dial plan: bob',
      setting: ['site', 'dialPlan'],
    });
  });
});
