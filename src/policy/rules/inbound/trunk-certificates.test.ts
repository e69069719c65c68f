import { expect, test } from 'vitest';
import { aCall, aSource, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import { trunkCertificates } from './trunk-certificates.ts';

const rule = trunkCertificates.create(trunkCertificates.options.parse({}), someSite());

test('trunk-certificates (I1) refuses a trunk without its certificate', () => {
  expect(rule.judge(aCall({ trunkCertified: true }), noCounts).kind).toBe('pass');
  const source = aSource({ realm: 'trunk', certificateNames: ['other.example'] });
  const facts = aCall({ trunk: 'carrier', trunkCertified: false, source });
  expect(rule.judge(facts, noCounts)).toMatchObject({ status: 403, reason: 'trunk-not-certified' });
  expect(rule.explain(facts, noCounts)).toMatchObject({
    saw: 'carrier, certificate of other.example, not the one that is set',
    setting: ['trunks'],
  });
});
