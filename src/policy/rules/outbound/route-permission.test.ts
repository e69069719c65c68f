import { describe, expect, test } from 'vitest';
import {
  aCall,
  aNumber,
  aProfile,
  aSource,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';
import { routePermission } from './route-permission.ts';

const site = someSite(
  {},
  {},
  {
    outboundRoutes: [
      { name: 'abroad', patterns: ['00.'], extensions: ['1001'], groups: ['sales'], trunks: ['t'] },
      { name: 'all', patterns: ['0Z.'], trunks: ['t'] },
    ],
  },
);
const rule = routePermission.create(routePermission.options.parse({}), site);
const outside = aNumber({ kind: 'international', digits: '0043123' });
const asked = (about: Parameters<typeof aCall>[0]) =>
  rule.judge(aCall({ dialled: outside, route: { name: 'abroad' }, ...about }), noCounts);

describe('route-permission (O2)', () => {
  test('passes the extensions and groups that the route names', () => {
    expect(asked({ extension: '1001' }).kind).toBe('pass');
    expect(asked({ extension: '1002', profile: aProfile({ groups: ['sales'] }) }).kind).toBe(
      'pass',
    );
  });
  test('refuses all others', () => {
    expect(asked({ extension: '1002' })).toEqual({
      kind: 'reject',
      status: 403,
      reason: 'route-not-permitted',
    });
    expect(asked({ extension: undefined }).kind).toBe('reject');
  });
  test('passes everybody where the route names nobody', () => {
    expect(asked({ extension: '1002', route: { name: 'all' } }).kind).toBe('pass');
  });
  test('refuses a number that no route takes, of phones and of the PBX', () => {
    const refused = { kind: 'reject', status: 404, reason: 'no-route' };
    expect(asked({ route: undefined })).toEqual(refused);
    const within = aNumber({ kind: 'extension', digits: '1002' });
    const core = aSource({ realm: 'core' });
    expect(asked({ route: undefined, source: core, dialled: within })).toEqual(refused);
  });
  test('leaves alone what stays in the house', () => {
    for (const dialled of [
      aNumber({ kind: 'extension' }),
      aNumber({ kind: 'service', digits: '*97' }),
    ])
      expect(asked({ dialled, route: undefined }).kind).toBe('pass');
    const unknown = aNumber({ kind: 'unknown', digits: 'bob' });
    expect(asked({ dialled: unknown, route: undefined }).kind).toBe('reject');
  });
  test('leaves everything to the PBX where there are no routes', () => {
    const none = routePermission.create(routePermission.options.parse({}), someSite());
    expect(none.judge(aCall({ dialled: outside }), noCounts).kind).toBe('pass');
  });
  test('explains by the route and whom it serves', () => {
    const facts = aCall({ dialled: outside, route: { name: 'abroad' }, extension: '1002' });
    expect(rule.explain(facts, noCounts)).toEqual({
      saw: 'route abroad, extension 1002, served 1001 group sales',
      setting: ['outboundRoutes', 0, 'extensions'],
      flip: 'add 1002 or a group of it to the route',
    });
    expect(rule.explain({ ...facts, route: undefined }, noCounts)).toMatchObject({
      saw: '0043123, which fits no pattern of 2 routes',
      setting: ['outboundRoutes'],
    });
  });
});
