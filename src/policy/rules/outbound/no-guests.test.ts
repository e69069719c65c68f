import { describe, expect, test } from 'vitest';
import { aCall, aSource, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import { noGuests } from './no-guests.ts';

const rule = (options: object = {}) => noGuests.create(noGuests.options.parse(options), someSite());
const stranger = { registered: false, onOwnFlow: false };
const judged = (facts: Parameters<typeof aCall>[0], options: object = {}) =>
  rule(options).judge(aCall(facts), noCounts).kind;

describe('no-guests (O1)', () => {
  test('refuses whoever holds no registration for the extension', () => {
    expect(rule().judge(aCall(stranger), noCounts)).toEqual({
      kind: 'reject',
      status: 403,
      reason: 'guest',
    });
  });
  test('passes an extension where it is registered', () => {
    expect(judged({ registered: true })).toBe('pass');
  });
  test('asks for the very flow that registered when told so', () => {
    const elsewhere = { registered: true, onOwnFlow: false };
    expect(judged(elsewhere)).toBe('pass');
    expect(judged(elsewhere, { sameFlow: true })).toBe('reject');
    expect(judged({ registered: true, onOwnFlow: true }, { sameFlow: true })).toBe('pass');
  });
  test.each([
    ['the PBX', { realm: 'core' }],
    ['an allowed address', { tier: 'trusted' }],
  ] as const)('%s is no guest', (_who, source) => {
    expect(judged({ ...stranger, source: aSource(source) })).toBe('pass');
  });
  test('passes guests by address and by network, and nobody beside them', () => {
    const options = { guests: ['192.0.2.7', '198.51.100.0/255.255.255.0', '2001:db8::/32'] };
    const from = (address: string) =>
      judged({ ...stranger, source: aSource({ address }) }, options);
    expect(['192.0.2.7', '198.51.100.255', '2001:db8::9'].map(from)).toEqual(Array(3).fill('pass'));
    expect(['192.0.2.8', '198.51.101.0', '2001:db9::9'].map(from)).toEqual(Array(3).fill('reject'));
  });
  test.each(['INVITE', 'MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'REFER', 'NOTIFY', 'INVENTED'])(
    'refuses a %s of a stranger',
    (method) => {
      expect(judged({ ...stranger, method })).toBe('reject');
    },
  );
  test('passes an OPTIONS of a stranger, which opens nothing, and what the operator opens', () => {
    expect(judged({ ...stranger, method: 'OPTIONS' })).toBe('pass');
    expect(judged({ ...stranger, method: 'MESSAGE' }, { openMethods: ['MESSAGE'] })).toBe('pass');
    expect(judged({ ...stranger, method: 'OPTIONS' }, { openMethods: [] })).toBe('reject');
  });
  test('explains by the source, and by the network that makes it a guest', () => {
    expect(rule().explain(aCall(stranger), noCounts)).toMatchObject({
      saw: '1001 is not registered from 198.51.100.7:5060',
      flip: expect.stringContaining('guests'),
    });
    const guests = rule({ guests: ['198.51.100.0/24'] });
    expect(guests.explain(aCall(stranger), noCounts).saw).toContain('guest by 198.51.100.0/24');
  });
  test('refuses an address at load time that is none', () => {
    expect(noGuests.options.safeParse({ guests: ['198.51.100.0/33'] }).success).toBe(false);
  });
});
