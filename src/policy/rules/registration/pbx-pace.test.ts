import { describe, expect, test } from 'vitest';
import {
  AT,
  aRegistration,
  aSource,
  countersOfOwn,
  noCounts,
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

  test('who is new at a source waits for thirty others there', () => {
    const waiting = (others: number) => ({
      ...noCounts,
      failures: (key: string) => (key === 'new from 198.51.100.7' ? others : 0),
    });
    expect(rule.judge(from(familiar), waiting(29)).kind).toBe('pass');
    expect(rule.judge(from(familiar), waiting(30))).toMatchObject({ status: 503 });
    for (const known of [{ atHome: true }, { holder: true }, { credentials: false }])
      expect(rule.judge(aRegistration({ ...from(familiar), ...known }), waiting(30)).kind).toBe(
        'pass',
      );
    expect(rule.explain(from(familiar), waiting(30)).saw).toContain('30 others');
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
