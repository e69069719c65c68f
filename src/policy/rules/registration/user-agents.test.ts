import { describe, expect, test } from 'vitest';
import {
  aProfile,
  aRegistration,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';
import { userAgents } from './user-agents.ts';

const site = someSite({}, { list: { 1001: { userAgents: ['Yealink SIP-T46'] } } });
const rule = userAgents.create(userAgents.options.parse({}), site);
const asked = (userAgent: string | undefined, prefixes: string[] | undefined) =>
  rule.judge(aRegistration({ userAgent, profile: aProfile({ userAgents: prefixes }) }), noCounts);

describe('user-agents (R2)', () => {
  const prefixes = ['Yealink SIP-T46', 'Grandstream'];
  test.each(['Yealink SIP-T46U 108.86.0.20', 'Yealink SIP-T46', 'Grandstream GXP2170'])(
    'passes %j',
    (userAgent) => {
      expect(asked(userAgent, prefixes).kind).toBe('pass');
    },
  );
  test.each(['Yealink SIP-T4', 'x Grandstream', 'grandstream', '', undefined])(
    'refuses %j as a wrong password is',
    (userAgent) => {
      expect(asked(userAgent, prefixes)).toEqual({
        kind: 'challenge',
        reason: 'user-agent-not-allowed',
      });
    },
  );
  test('passes any, and none, where none is set', () => {
    expect([asked('x', undefined).kind, asked(undefined, undefined).kind]).toEqual([
      'pass',
      'pass',
    ]);
  });
  test('explains by what was announced, what is wanted, and where that is said', () => {
    const facts = aRegistration({ userAgent: 'x', profile: site.extensions.profileOf('1001') });
    expect(rule.explain(facts, noCounts)).toEqual({
      saw: 'User-Agent "x", wanted "Yealink SIP-T46" at its beginning',
      setting: ['extensions', 'list', '1001', 'userAgents'],
      flip: 'add how its User-Agent begins',
    });
  });
});
