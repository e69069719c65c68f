import { describe, expect, test } from 'vitest';
import { aRegistration, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import { provenCredentials } from './proven-credentials.ts';

const rule = provenCredentials.create(provenCredentials.options.parse({}), someSite());
const judged = (facts: Parameters<typeof aRegistration>[0]) =>
  rule.judge(aRegistration(facts), noCounts);

describe('proven-credentials (N12)', () => {
  test('challenges anew, as stale, what answers no challenge that went to the source', () => {
    expect(judged({ credentials: true, proven: false })).toEqual({
      kind: 'challenge',
      reason: 'credentials-not-proven',
      stale: true,
    });
  });
  test.each([
    ['what answers one', { credentials: true, proven: true }],
    [
      'a REGISTER without credentials, which the PBX challenges',
      { credentials: false, proven: false },
    ],
    ['a registered device with a nonce of an hour ago', { proven: false, holder: true }],
  ])('passes %s', (_what, facts) => {
    expect(judged(facts).kind).toMatch(/^(pass|adjust)$/);
  });
  test('has challenges marked, also those of a device that need not answer one', () => {
    const marked = { kind: 'adjust', marksChallenges: true };
    for (const facts of [{ credentials: false }, { proven: true }, { holder: true }])
      expect(judged(facts)).toEqual(marked);
  });
  test('explains by what it found', () => {
    expect(rule.explain(aRegistration({ proven: false }), noCounts).saw).toBe(
      'the credentials answer no challenge that went to this source',
    );
  });
});
