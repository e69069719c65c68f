import { describe, expect, test } from 'vitest';
import {
  aProfile,
  aRegistration,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';
import type { Transport } from '../../facts.ts';
import { transports } from './transports.ts';

const rule = transports.create(
  transports.options.parse({}),
  someSite({}, { defaults: { transports: ['tls', 'wss'] } }),
);
const over = (transport: Transport, allowed: Transport[] | undefined = ['tls', 'wss']) =>
  aRegistration({
    source: { ...aRegistration().source, transport },
    profile: aProfile({ transports: allowed }),
  });

describe('transports (R4)', () => {
  test.each(['tls', 'wss'] as const)('passes %s where it is allowed', (transport) => {
    expect(rule.judge(over(transport), noCounts).kind).toBe('pass');
  });
  test.each(['udp', 'tcp', 'ws'] as const)('refuses %s where it is not', (transport) => {
    expect(rule.judge(over(transport), noCounts)).toEqual({
      kind: 'challenge',
      reason: 'transport-not-allowed',
    });
  });
  test('passes all where none is set', () => {
    const facts = aRegistration({ profile: aProfile() });
    expect(rule.judge(facts, noCounts).kind).toBe('pass');
  });
  test('explains by the defaults that say so', () => {
    expect(rule.explain(over('udp'), noCounts)).toEqual({
      saw: 'over udp, allowed tls wss',
      setting: ['extensions', 'defaults', 'transports'],
      flip: 'register over tls or wss',
    });
  });
});
