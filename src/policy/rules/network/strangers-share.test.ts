import { describe, expect, test } from 'vitest';
import {
  AT,
  aPacket,
  aSource,
  countersOfOwn,
  someSite,
} from '../../../../test/support/some-facts.ts';
import { strangersShare } from './strangers-share.ts';

const rule = strangersShare.create(
  strangersShare.options.parse({ perSecond: 2, burst: 3 }),
  someSite(),
);

const from = (address: string, about = {}) => aPacket({ source: aSource({ address, ...about }) });

describe('strangers-share (N13)', () => {
  test('strangers have one share together, however many they are', () => {
    const counters = countersOfOwn();
    const judged = (address: string, at = AT) =>
      rule.judge({ ...from(address), at }, counters).kind;
    for (const address of ['192.0.2.1', '192.0.2.2', '2001:db8::1'])
      expect(judged(address)).toBe('pass');
    expect(judged('192.0.2.9')).toBe('drop');
    expect(judged('192.0.2.9', AT + 500)).toBe('pass');
    expect(judged('192.0.2.10', AT + 500)).toBe('drop');
  });

  test.each([
    ['an address that phones are registered from', { familiar: true }],
    ['the PBX', { tier: 'trusted' as const }],
    ['a connection, which costs its owner one too', { transport: 'tcp' as const }],
  ])('%s has no part in it', (_who, about) => {
    const counters = countersOfOwn();
    for (let packets = 0; packets < 5; packets++) rule.judge(from('192.0.2.1'), counters);
    expect(rule.judge(from('192.0.2.7', about), counters).kind).toBe('pass');
    expect(rule.explain(from('192.0.2.7', about), counters.looking).flip).toBeUndefined();
  });

  test('and takes nothing from it', () => {
    const counters = countersOfOwn();
    for (let packets = 0; packets < 5; packets++)
      rule.judge(from('192.0.2.7', { familiar: true }), counters);
    expect(rule.judge(from('192.0.2.1'), counters).kind).toBe('pass');
  });

  test('says what is shared', () => {
    const counters = countersOfOwn();
    for (let packets = 0; packets < 3; packets++) rule.judge(from('192.0.2.1'), counters);
    expect(rule.explain(from('192.0.2.1'), counters.looking)).toMatchObject({
      saw: 'all strangers together, beyond 2 datagrams a second and 3 at once',
      setting: ['network', 'strangers-share', 'perSecond'],
    });
  });
});
