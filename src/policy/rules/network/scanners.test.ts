import { describe, expect, test } from 'vitest';
import { aRequest, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import { scanners } from './scanners.ts';

const rule = (options: object = {}) => scanners.create(scanners.options.parse(options), someSite());

describe('scanners (N8)', () => {
  test.each(['friendly-scanner', 'sipvicious/0.3', 'x FRIENDLY-Scanner y', 'sipcli/v1.8'])(
    'drops and blocks %j',
    (userAgent) => {
      expect(rule().judge(aRequest({ userAgent }), noCounts)).toEqual({
        kind: 'drop',
        reason: 'scanner',
        block: { seconds: 3600 },
      });
    },
  );
  test.each(['Grandstream GXP2170', '', undefined])('passes %j', (userAgent) => {
    expect(rule().judge(aRequest({ userAgent }), noCounts)).toEqual({ kind: 'pass' });
  });
  test('answers when the operator asks for an answer, and blocks nobody when told so', () => {
    const answering = rule({ userAgents: ['evil'], answer: 403, blockSeconds: 0 });
    expect(answering.judge(aRequest({ userAgent: 'evil/1' }), noCounts)).toEqual({
      kind: 'reject',
      status: 403,
      reason: 'scanner',
    });
  });
  test('explains by the text that was found', () => {
    expect(rule().explain(aRequest({ userAgent: 'SIPVicious' }), noCounts)).toEqual({
      saw: 'User-Agent "SIPVicious"',
      setting: ['network', 'scanners', 'userAgents', 1],
      flip: 'another User-Agent',
    });
  });
  test.each([
    ['a fragment so short that it matches everyone', { userAgents: ['s'] }],
    ['a misspelt key', { userAgnets: ['sipcli'] }],
    ['an answer that is none', { answer: 200 }],
  ])('refuses %s at load time', (_why, options) => {
    expect(scanners.options.safeParse(options).success).toBe(false);
  });
});
