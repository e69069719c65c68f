import { describe, expect, test } from 'vitest';
import {
  aCall,
  aNumber,
  aProfile,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';
import { callTimes } from './call-times.ts';

const site = someSite(
  {},
  { list: { 1001: { times: ['office'] } } },
  {
    times: { office: { hours: ['mon-fri 08:00-18:00'] }, night: { hours: ['22:00-06:00'] } },
    outboundRoutes: [
      { name: 'office', patterns: ['00.'], times: ['office', 'night'], trunks: ['t'] },
      { name: 'always', patterns: ['0Z.'], trunks: ['t'] },
    ],
  },
);
const rule = callTimes.create(callTimes.options.parse({}), site);
const dialled = aNumber({ kind: 'national', digits: '030123' });
const asked = (at: string, about: Parameters<typeof aCall>[0]) =>
  rule.judge(aCall({ dialled, at: Date.parse(at), ...about }), noCounts);

describe('call-times (O4)', () => {
  test.each([
    ['2026-07-01T07:59:59Z', 'reject'],
    ['2026-07-01T08:00:00Z', 'pass'],
    ['2026-07-01T17:59:59Z', 'pass'],
    ['2026-07-01T18:00:00Z', 'reject'],
    ['2026-07-04T12:00:00Z', 'reject'],
    ['2026-07-04T23:00:00Z', 'pass'],
  ])('keeps the times of the route: %s, %s', (at, kind) => {
    expect(asked(at, { route: { name: 'office' } }).kind).toBe(kind);
  });
  test('keeps the times of the extension as well', () => {
    const profile = aProfile({ times: ['office'] });
    expect(asked('2026-07-01T23:00:00Z', { profile, route: { name: 'always' } })).toMatchObject({
      reason: 'outside-times',
    });
    expect(asked('2026-07-01T12:00:00Z', { profile, route: { name: 'always' } }).kind).toBe('pass');
  });
  test('has none for calls in the house, or where nobody sets any', () => {
    const profile = aProfile({ times: ['office'] });
    const within = aNumber({ kind: 'extension' });
    expect(asked('2026-07-01T23:00:00Z', { profile, dialled: within }).kind).toBe('pass');
    expect(asked('2026-07-01T23:00:00Z', {}).kind).toBe('pass');
  });
  test('explains by the clock on the wall and the setting', () => {
    const at = Date.parse('2026-07-04T03:00:00Z');
    const profile = site.extensions.profileOf('1001');
    expect(rule.explain(aCall({ dialled, at, profile }), noCounts)).toEqual({
      saw: 'Sat 03:00 UTC, times office',
      setting: ['extensions', 'list', '1001', 'times'],
      flip: 'call within office',
    });
    const noon = Date.parse('2026-07-04T12:00:00Z');
    const byRoute = aCall({ dialled, at: noon, route: { name: 'office' } });
    expect(rule.explain(byRoute, noCounts)).toMatchObject({
      saw: 'Sat 12:00 UTC, times office night of route office',
      setting: ['outboundRoutes', 0, 'times'],
    });
  });
});
