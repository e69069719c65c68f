import { describe, expect, test } from 'vitest';
import { aProfile, someSite } from '../../test/support/some-facts.ts';

const site = someSite(
  { homeCountry: 'DE', dialPlan: { outsidePrefix: '9' } },
  {},
  {
    times: { night: { hours: ['22:00-06:00'] } },
    outboundRoutes: [
      { name: 'night', patterns: ['00.'], times: ['night'], trunks: ['cheap'] },
      { name: 'board', patterns: ['00.', '+43!'], extensions: ['1001'], trunks: ['good', 'cheap'] },
      {
        name: 'sales',
        patterns: ['0041.'],
        groups: ['sales'],
        strip: 4,
        prepend: '+41',
        trunks: ['ch'],
      },
      { name: 'local', patterns: ['Z.'], prepend: '030', trunks: ['cheap'] },
      { name: 'national', patterns: ['+49.'], strip: 3, prepend: '0', trunks: ['cheap'] },
      { name: 'police', patterns: ['110'], prepend: '0', extensions: ['nobody'], trunks: ['good'] },
    ],
  },
);
const noon = Date.UTC(2026, 6, 1, 12);
const midnight = Date.UTC(2026, 6, 1, 0);
const choose = (number: string, extension = '1002', groups: readonly string[] = [], at = noon) => {
  const chosen = site.routes.choose({
    dialled: site.readDialled(number),
    extension,
    profile: aProfile({ groups }),
    at,
  });
  return chosen && `${chosen.route.name}: ${chosen.number} by ${chosen.route.trunks.join(' ')}`;
};

describe('outbound routes (O13)', () => {
  test('are taken by the first pattern that fits', () => {
    expect(choose('0043123456', '1001')).toBe('board: 0043123456 by good cheap');
  });
  test('are left out where they do not serve the caller or it is not their time', () => {
    expect(choose('0043123456', '1001', [], midnight)).toBe('night: 0043123456 by cheap');
    expect(choose('0041443335555', '1002', ['sales'])).toBe('sales: +41443335555 by ch');
  });
  test('say why not, where none is for the caller: the first that fits is named', () => {
    expect(choose('0043123456', '1002')).toBe('night: 0043123456 by cheap');
  });
  test('strip and prepend what fitted', () => {
    expect(choose('40123456')).toBe('local: 03040123456 by cheap');
  });
  test('fit the number without the prefix of an outside line', () => {
    expect(choose('90041443335555', '1002', ['sales'])).toBe('sales: +41443335555 by ch');
  });
  test('fit the number in E.164, however it was dialled', () => {
    for (const dialled of ['030 40123456', '+49 30 40123456', '0049-30-40123456'])
      expect(choose(dialled, '1009', [], noon)).toMatch(/03040123456 by cheap$|^night/);
    expect(choose('+493040123456')).toBe('national: 03040123456 by cheap');
    expect(choose('03040123456')).toBe('national: 03040123456 by cheap');
  });
  test('take an emergency call, whomever they serve, and leave its number alone', () => {
    expect(choose('112')).toBe('local: 112 by cheap');
    expect(choose('9112')).toBe('local: 112 by cheap');
  });
  test('do not take the first digit of an emergency number for the prefix of an outside line', () => {
    const american = someSite(
      { homeCountry: 'US', dialPlan: { outsidePrefix: '9' } },
      {},
      { outboundRoutes: [{ name: 'all', patterns: ['X.'], trunks: ['t'] }] },
    );
    const called = (number: string) =>
      american.routes.choose({
        dialled: american.readDialled(number),
        extension: '1002',
        profile: aProfile({}),
        at: noon,
      })?.number;
    expect(called('911')).toBe('911');
    expect(called('9911')).toBe('911');
  });
  test('change an emergency number only where they name it', () => {
    expect(choose('110')).toBe('police: 0110 by good');
  });
  test('take nothing that no keypad can dial', () => {
    expect(choose('alice')).toBeUndefined();
  });
  test('are none as long as nobody sets any', () => {
    expect(someSite().routes.configured).toBe(false);
  });
});
