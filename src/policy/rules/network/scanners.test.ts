import { describe, expect, test } from 'vitest';
import { aRequest, aSource, noCounts, someSite } from '../../../../test/support/some-facts.ts';
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
  test('takes texts as they are written, and none for one that everybody has', () => {
    const odd = rule({ userAgents: ['evil (v1.0)', 'xa[b'] });
    const kindOf = (userAgent: string) => odd.judge(aRequest({ userAgent }), noCounts).kind;
    expect(['Evil (V1.0)', 'xa[b', 'evil v1x0', 'xa'].map(kindOf)).toEqual([
      ...['drop', 'drop'],
      ...['pass', 'pass'],
    ]);
    const none = rule({ userAgents: [] });
    expect(none.judge(aRequest({ userAgent: 'sipvicious' }), noCounts).kind).toBe('pass');
  });
  test.each(['Asterisk PBX 18.2.0', 'FPBX-16.0.19(18.13.0)', 'FreeSWITCH'])(
    'a stranger who calls as %j is one; who registers, or is known, is not',
    (userAgent) => {
      const call = aRequest({ method: 'INVITE', userAgent });
      expect(rule().judge(call, noCounts).kind).toBe('drop');
      expect(rule().judge({ ...call, method: 'REGISTER' }, noCounts).kind).toBe('pass');
      const source = aSource({ tier: 'known' });
      expect(rule().judge({ ...call, source }, noCounts).kind).toBe('pass');
    },
  );
  test('a PBX is one whoever called before it, and from whom', () => {
    const { judge } = rule();
    const call = (userAgent: string) => aRequest({ method: 'INVITE', userAgent });
    expect(judge(call('Yealink SIP-T46S'), noCounts).kind).toBe('pass');
    const known = { ...call('Asterisk PBX 18.2.0'), source: aSource({ tier: 'known' }) };
    expect(judge(known, noCounts).kind).toBe('pass');
    expect(judge(call('Yealink SIP-T46S'), noCounts).kind).toBe('pass');
    expect(judge(call('Asterisk PBX 18.2.0'), noCounts).kind).toBe('drop');
    expect(judge(call('Yealink SIP-T46S'), noCounts).kind).toBe('pass');
  });
  test('knows a tool by its habits when it says another name', () => {
    const disguised = aRequest({
      userAgent: 'Cisco-SIPGateway/IOS-12.x',
      fromHeader: '"100" <sip:100@1.1.1.1>;tag=2',
    });
    expect(rule().judge(disguised, noCounts).kind).toBe('drop');
    expect(rule().explain(disguised, noCounts)).toMatchObject({
      saw: 'From at 1.1.1.1, as sipvicious writes it',
      setting: ['network', 'scanners', 'habits'],
    });
    expect(rule({ habits: false }).judge(disguised, noCounts).kind).toBe('pass');
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
      setting: ['network', 'scanners', 'userAgents', 2],
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
