import { describe, expect, test } from 'vitest';
import {
  aCall,
  aNumber,
  aProfile,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';
import { callDuration, mostSeconds } from './call-duration.ts';

const site = someSite(
  {},
  { list: { 1001: { maxCallSeconds: 60 } } },
  {
    outboundRoutes: [
      { name: 'short', patterns: ['00.'], maxCallSeconds: 30, trunks: ['t'] },
      { name: 'long', patterns: ['01.'], maxCallSeconds: 7200, trunks: ['t'] },
      { name: 'free', patterns: ['02.'], trunks: ['t'] },
    ],
  },
);
const most = (route: string | undefined, maxCallSeconds?: number) =>
  mostSeconds(
    {
      extension: '1001',
      profile: aProfile({ maxCallSeconds }),
      route: route === undefined ? undefined : { name: route },
    },
    14_400,
    site,
  );

describe('call-duration (O9)', () => {
  test('is what the system says, where nobody else does', () => {
    expect(most('free')).toEqual({
      seconds: 14_400,
      setting: ['outbound', 'call-duration', 'seconds'],
    });
    expect(most(undefined).seconds).toBe(14_400);
  });
  test('is what the route or the extension says, the less of both', () => {
    expect(most('short').seconds).toBe(30);
    expect(most('free', 60)).toEqual({
      seconds: 60,
      setting: ['extensions', 'list', '1001', 'maxCallSeconds'],
    });
    expect(most('long', 60).seconds).toBe(60);
    expect(most('short', 60)).toEqual({
      seconds: 30,
      setting: ['outboundRoutes', 0, 'maxCallSeconds'],
    });
  });
  test('may be longer than what the system says', () => {
    expect(most('long', undefined)).toMatchObject({ seconds: 7200 });
  });
  test('lets every call begin, and says when it ends', () => {
    const rule = callDuration.create(callDuration.options.parse({}), site);
    const facts = aCall({
      dialled: aNumber({ kind: 'national', digits: '0043' }),
      route: { name: 'short' },
    });
    expect(rule.judge(facts, noCounts).kind).toBe('pass');
    expect(rule.explain(facts, noCounts).saw).toBe('ends 30 s after its answer');
    expect(rule.explain(aCall(), noCounts).saw).toBe('extension number, no limit');
  });
});
