import { expect, test } from 'vitest';
import { aCall, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import { anonymousCallers } from './anonymous-callers.ts';

const rule = anonymousCallers.create(anonymousCallers.options.parse({}), someSite());

test('anonymous-callers (I3) refuses who shows no number, and tells how to go on', () => {
  expect(rule.judge(aCall({ anonymous: true }), noCounts)).toEqual({
    kind: 'reject',
    status: 433,
    reason: 'caller-anonymous',
  });
  expect(rule.judge(aCall({ anonymous: false }), noCounts).kind).toBe('pass');
  expect(rule.explain(aCall({ from: '+4930', anonymous: false }), noCounts).saw).toBe(
    'number +4930',
  );
});
