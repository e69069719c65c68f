import { describe, expect, test } from 'vitest';
import {
  AT,
  aRegistration,
  aSource,
  countersOfOwn,
  someSite,
} from '../../../../test/support/some-facts.ts';
import type { Source } from '../../facts.ts';
import { pbxPace } from './pbx-pace.ts';

const rule = pbxPace.create(
  pbxPace.options.parse({ perSecond: 4, burst: 8, strangersPercent: 25 }),
  someSite(),
);
const from = (about: Partial<Source>, at = AT) => aRegistration({ at, source: aSource(about) });
const familiar = { familiar: true };

describe('pbx-pace (N13)', () => {
  test('the PBX is sent no more than it can take, and who waits is told when to come', () => {
    const counters = countersOfOwn();
    for (let sent = 0; sent < 8; sent++)
      expect(rule.judge(from(familiar), counters).kind).toBe('pass');
    expect(rule.judge(from(familiar), counters)).toMatchObject({
      ...{
        kind: 'reject',
        status: 503,
        reason: 'pbx-pace',
        retryAfterSeconds: 2,
        spreadSeconds: 10,
      },
    });
    expect(rule.judge(from(familiar, AT + 250), counters).kind).toBe('pass');
  });

  test('strangers get a part, and the phones that were there before the rest', () => {
    const counters = countersOfOwn();
    const strangers = Array.from(
      { length: 10 },
      (_, at) => rule.judge(from({ address: `192.0.2.${at}` }), counters).kind,
    );
    expect(strangers.filter((kind) => kind === 'pass')).toHaveLength(2);
    for (let sent = 0; sent < 6; sent++)
      expect(rule.judge(from(familiar), counters).kind).toBe('pass');
    expect(rule.judge(from(familiar), counters).kind).toBe('reject');
  });

  test('says whose pace it is', () => {
    const { looking } = countersOfOwn();
    expect(rule.explain(from({}), looking)).toMatchObject({
      saw: 'within the 25 % that strangers get of 4 registrations a second and 8 at once',
      setting: ['registration', 'pbx-pace', 'strangersPercent'],
    });
    expect(rule.explain(from(familiar), looking).saw).toBe(
      'within 4 registrations a second and 8 at once',
    );
  });
});
