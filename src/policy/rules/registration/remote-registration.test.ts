import { describe, expect, test } from 'vitest';
import {
  aProfile,
  aRegistration,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';
import { remoteRegistration } from './remote-registration.ts';

const rule = (remote: boolean) =>
  remoteRegistration.create(remoteRegistration.options.parse({ remote }), someSite());
const from = (where: 'inside' | 'outside', remote?: boolean) =>
  aRegistration({
    source: { ...aRegistration().source, local: where === 'inside' },
    profile: aProfile({ remote }),
  });

describe('remote-registration (R8)', () => {
  test.each([
    ['inside', true, undefined, 'pass'],
    ['outside', true, undefined, 'pass'],
    ['inside', false, undefined, 'pass'],
    ['outside', false, undefined, 'challenge'],
    ['outside', false, true, 'pass'],
    ['outside', true, false, 'challenge'],
    ['inside', true, false, 'pass'],
  ] as const)('%s, the site says %s and the extension %s: %s', (where, site, own, kind) => {
    expect(rule(site).judge(from(where, own), noCounts).kind).toBe(kind);
  });
  test('explains by the setting of the site where the extension has none', () => {
    expect(rule(false).explain(from('outside'), noCounts)).toEqual({
      saw: 'source 198.51.100.7 is remote, remote is not allowed',
      setting: ['registration', 'remote-registration', 'remote'],
      flip: 'remote: true, or 198.51.100.7 in site.localNetworks',
    });
  });
});
