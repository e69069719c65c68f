import { describe, expect, test } from 'vitest';
import { aCall, aRegistration, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import { profileSchema } from '../../extension-profile.ts';
import type { Source } from '../../facts.ts';
import { callerPermittedIps } from '../outbound/caller-permitted-ips.ts';
import { permittedIps } from './permitted-ips.ts';

const site = someSite(
  {},
  {
    groups: {
      office: { permittedIps: ['192.0.2.0/255.255.255.0', '198.51.100.7', '2001:db8:1::/48'] },
    },
    list: { 1001: { groups: ['office'] } },
  },
);
const rule = permittedIps.create(permittedIps.options.parse({}), site);
const callers = callerPermittedIps.create(callerPermittedIps.options.parse({}), site);
const from = (address: string, more: Partial<Source> = {}): Source => ({
  ...aRegistration().source,
  address,
  key: address,
  ...more,
});
const profile = site.extensions.profileOf('1001');

describe('permitted-ips (R3)', () => {
  test.each(['192.0.2.0', '192.0.2.255', '198.51.100.7', '2001:db8:1::5', '2001:db8:1:ffff::1'])(
    'lets %s register and call',
    (address) => {
      const facts = { source: from(address), profile };
      expect(rule.judge(aRegistration(facts), noCounts).kind).toBe('pass');
      expect(callers.judge(aCall(facts), noCounts).kind).toBe('pass');
    },
  );
  test.each(['192.0.3.0', '192.0.1.255', '198.51.100.8', '2001:db8:2::5', '::ffff:203.0.113.1'])(
    'lets %s neither register nor call',
    (address) => {
      const facts = { source: from(address), profile };
      expect(rule.judge(aRegistration(facts), noCounts)).toEqual({
        kind: 'challenge',
        reason: 'source-not-permitted',
      });
      expect(callers.judge(aCall(facts), noCounts)).toEqual({
        kind: 'reject',
        status: 403,
        reason: 'source-not-permitted',
      });
    },
  );
  test('passes any source where none is set', () => {
    const facts = aRegistration({ source: from('203.0.113.9') });
    expect(rule.judge(facts, noCounts).kind).toBe('pass');
  });
  test('has nothing against what the PBX sends out in the name of an extension', () => {
    const source = from('203.0.113.9', { realm: 'core', tier: 'trusted' });
    expect(callers.judge(aCall({ source, profile }), noCounts).kind).toBe('pass');
  });
  test('explains by the group that says so', () => {
    const facts = aRegistration({ source: from('203.0.113.9'), profile });
    expect(rule.explain(facts, noCounts)).toEqual({
      saw: 'source 203.0.113.9, permitted 192.0.2.0/24 198.51.100.7 2001:db8:1::/48',
      setting: ['extensions', 'groups', 'office', 'permittedIps'],
      flip: 'add 203.0.113.9 to the permitted addresses',
    });
  });
  test.each(['192.0.2.0/33', '192.0.2.0/255.0.255.0', 'office', '192.0.2', ''])(
    'does not take %j for an address',
    (entry) => {
      expect(profileSchema.safeParse({ permittedIps: [entry] }).success).toBe(false);
    },
  );
});
