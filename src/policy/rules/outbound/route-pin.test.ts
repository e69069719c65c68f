import { describe, expect, test } from 'vitest';
import {
  aCall,
  aNumber,
  aSource,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';
import { routePin } from './route-pin.ts';

const hash = `hmac-sha256:${'s'.repeat(22)}:${'m'.repeat(43)}`;
const site = someSite(
  {},
  {},
  {
    pins: {
      anna: { hash },
      bert: { hash, routes: ['other'] },
      carl: { hash, extensions: ['1002'] },
    },
    outboundRoutes: [
      { name: 'any', patterns: ['00.'], pin: 'any', trunks: ['t'] },
      { name: 'anna', patterns: ['01.'], pin: ['anna'], trunks: ['t'] },
      { name: 'free', patterns: ['02.'], trunks: ['t'] },
    ],
  },
);
const rule = routePin.create(routePin.options.parse({}), site);
const dialled = aNumber({ kind: 'international', digits: '0043123' });
const asked = (route: string, entry: string | undefined | null, wrong = 0, extension = '1001') =>
  rule.judge(
    aCall({
      dialled,
      extension,
      route: { name: route },
      pin: entry === null ? undefined : { entry },
    }),
    { ...noCounts, failures: () => wrong },
  );

describe('route-pin (O3)', () => {
  test('where anybody may have sent it, it is asked who he is before a PIN is looked at (N12)', () => {
    const facts = aCall({
      dialled,
      route: { name: 'any' },
      pin: { entry: 'anna' },
      doubtful: true,
    });
    expect(rule.judge(facts, noCounts)).toEqual({
      kind: 'challenge',
      reason: 'credentials-not-proven',
    });
    const without = aCall({ dialled, route: { name: 'any' }, doubtful: true });
    expect(rule.judge(without, noCounts)).toMatchObject({ reason: 'pin-missing' });
  });
  test('passes an entry that opens the route', () => {
    expect(asked('any', 'anna').kind).toBe('pass');
    expect(asked('anna', 'anna').kind).toBe('pass');
    expect(asked('any', 'carl', 0, '1002').kind).toBe('pass');
  });
  test('refuses without one, and with a wrong one, by the same answer', () => {
    expect(asked('any', null)).toEqual({ kind: 'reject', status: 403, reason: 'pin-missing' });
    expect(asked('any', undefined)).toEqual({ kind: 'reject', status: 403, reason: 'pin-wrong' });
  });
  test.each([
    ['of another route', 'any', 'bert'],
    ['of another extension', 'any', 'carl'],
    ['that the route does not name', 'anna', 'carl'],
    ['that is none', 'any', 'constructor'],
  ])('takes an entry %s for wrong', (_what, route, entry) => {
    expect(asked(route, entry)).toMatchObject({ reason: 'pin-wrong' });
  });
  test('refuses the right one after five wrong ones, and not after four', () => {
    expect(asked('any', 'anna', 4).kind).toBe('pass');
    expect(asked('any', 'anna', 5)).toMatchObject({ reason: 'pin-locked' });
    expect(asked('any', undefined, 5)).toMatchObject({ reason: 'pin-locked' });
  });
  test('refuses it after twenty of the extension, wherever they came from; of a guest, after twenty of his', () => {
    const judged = (facts: Parameters<typeof aCall>[0], key: string, wrong: number) =>
      rule.judge(aCall({ dialled, route: { name: 'any' }, pin: { entry: 'anna' }, ...facts }), {
        ...noCounts,
        failures: (asked) => (asked === key ? wrong : 0),
      });
    const source = aSource({ address: '192.0.2.7' });
    const phone = { extension: '1001', registered: true, source };
    expect(judged(phone, 'pin 1001|', 19).kind).toBe('pass');
    expect(judged(phone, 'pin 1001|', 20)).toMatchObject({ reason: 'pin-locked' });
    const guest = { ...phone, registered: false };
    expect(judged(guest, 'pin 1001|', 20).kind).toBe('pass');
    expect(judged(guest, 'pin |192.0.2.7', 20)).toMatchObject({ reason: 'pin-locked' });
  });
  test('does not even look at a PIN once too many were wrong: looking costs something', () => {
    const pin = {
      get entry(): never {
        throw new Error('looked at');
      },
    };
    const facts = aCall({ dialled, route: { name: 'any' }, pin });
    const { reason } = rule.judge(facts, { ...noCounts, failures: () => 5 }) as { reason: string };
    expect(reason).toBe('pin-locked');
    expect(() => rule.judge(facts, noCounts)).toThrow('looked at');
  });
  test('does not ask where the route does not, nor in the house', () => {
    expect(asked('free', null).kind).toBe('pass');
    expect(asked('free', undefined, 9).kind).toBe('pass');
    const within = aCall({ route: undefined });
    expect(rule.judge(within, noCounts).kind).toBe('pass');
  });
  test('explains without any PIN', () => {
    const facts = aCall({ dialled, route: { name: 'anna' }, pin: { entry: undefined } });
    expect(rule.explain(facts, noCounts)).toEqual({
      saw: 'PIN a wrong one, wanted anna, of late 0 wrong (5 lock), 0 in all (20 lock)',
      setting: ['outboundRoutes', 1, 'pin'],
      flip: 'dial a PIN that opens the route before the number: PIN*number',
    });
  });
});
