import { describe, expect, test } from 'vitest';
import {
  aRequest,
  aSource,
  countersOfOwn,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';
import type { Source } from '../../facts.ts';
import type { Pressure } from '../../pressure.ts';
import { overload } from './overload.ts';

const rule = overload.create(overload.options.parse({ callsBurst: 2 }), someSite());

const under = (pressure: Pressure) => {
  const counters = countersOfOwn();
  return Object.assign(Object.create(counters) as typeof noCounts, {
    ...{ take: counters.take.bind(counters), pressure: () => pressure },
  });
};
const from = (about: Partial<Source>, more = {}) =>
  aRequest({ method: 'INVITE', source: aSource(about), ...more });
const known = { tier: 'known' } as const;

describe('overload (N13)', () => {
  test('without pressure nobody waits', () => {
    expect(rule.judge(from({}), under('none')).kind).toBe('pass');
  });

  test.each(['strangers', 'calls'] as const)('strangers wait at %s', (pressure) => {
    expect(rule.judge(from({}), under(pressure)).kind).toBe('drop');
    expect(rule.judge(from({ transport: 'tls' }), under(pressure))).toMatchObject({
      ...{ kind: 'reject', status: 503, retryAfterSeconds: 5, spreadSeconds: 30 },
    });
  });

  test('those who come from where phones are registered do not', () => {
    expect(rule.judge(from({ familiar: true }), under('strangers')).kind).toBe('pass');
  });

  test('new calls of those who are known get a share each', () => {
    const counters = under('calls');
    const call = (address: string) => rule.judge(from({ ...known, address }), counters).kind;
    expect([1, 2, 3].map(() => call('192.0.2.1'))).toEqual(['pass', 'pass', 'reject']);
    expect(call('192.0.2.2')).toBe('pass');
  });

  test.each([
    ['a registration', { method: 'REGISTER' }],
    ['what is said in a live call', { method: 'INVITE', inDialog: true }],
    ['its end', { method: 'BYE', inDialog: true }],
  ])('%s of those who are known is no new call', (_what, more) => {
    const counters = under('calls');
    for (let times = 0; times < 5; times++)
      expect(rule.judge(from(known, more), counters).kind).toBe('pass');
  });

  test('says what waits', () => {
    expect(rule.explain(from({}), under('strangers')).saw).toBe(
      'a stranger, and strangers wait for now',
    );
    expect(rule.explain(from(known), under('calls')).saw).toBe(
      'a source that is known, and strangers wait and new calls have shares for now',
    );
    expect(rule.explain(from({}), noCounts)).toEqual({ saw: 'no overload' });
  });
});
