import { describe, expect, test } from 'vitest';
import { aRegistration, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import { unlistedExtensions } from './unlisted-extensions.ts';

function judged(unlisted: 'allow' | 'refuse', extension: string) {
  const site = someSite({}, { unlisted, list: { 1001: {} } });
  const rule = unlistedExtensions.create(unlistedExtensions.options.parse({}), site);
  const facts = aRegistration({ extension, profile: site.extensions.profileOf(extension) });
  return { verdict: rule.judge(facts, noCounts), explanation: rule.explain(facts, noCounts) };
}

describe('unlisted-extensions (R7)', () => {
  test('refuses who is not listed, as a wrong password is, where the site says so', () => {
    expect(judged('refuse', '1002').verdict).toEqual({
      kind: 'challenge',
      reason: 'extension-unlisted',
    });
    expect(judged('refuse', '1001').verdict.kind).toBe('pass');
  });
  test('passes everybody where it does not', () => {
    expect(judged('allow', '1002').verdict.kind).toBe('pass');
  });
  test('explains by the setting', () => {
    expect(judged('refuse', '1002').explanation).toEqual({
      saw: '1002 is not listed, others may not register',
      setting: ['extensions', 'unlisted'],
      flip: 'add 1002 to extensions.list',
    });
  });
});
