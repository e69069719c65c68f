import { describe, expect, test } from 'vitest';
import {
  aRequest,
  aSource,
  noCounts,
  outcomeOf,
  someSite,
} from '../../../../test/support/some-facts.ts';
import type { RequestFacts } from '../../facts.ts';
import { Networks } from '../../networks.ts';
import { hidesFrom, stealth } from './stealth.ts';

const site = { ...someSite(), guests: new Networks(['192.0.2.0/24']) };
const ruleFor = (domains: readonly string[] = []) =>
  stealth.create(stealth.options.parse({ domains }), site);
const says = (about: Partial<RequestFacts>, domains?: readonly string[]): string =>
  outcomeOf(ruleFor(domains).judge(aRequest(about), noCounts));

const notStrangers: readonly [string, Partial<RequestFacts>][] = [
  ['a phone that is registered', { source: aSource({ tier: 'known' }) }],
  ['a neighbour of one', { source: aSource({ familiar: true }) }],
  ['an allowed address', { source: aSource({ tier: 'trusted' }) }],
  ['a guest', { source: aSource({ address: '192.0.2.7' }) }],
  ['a trunk without its certificate', { source: aSource({ realm: 'trunk' }) }],
];

describe('stealth (N10)', () => {
  test('a stranger who asks what is here hears nothing', () => {
    expect(says({ method: 'OPTIONS' })).toBe('stranger');
  });

  test.each(notStrangers)('%s is answered', (_who, about) => {
    expect(says(about)).toBe('pass');
  });

  test('what a stranger says inside a call is none of its business', () => {
    expect(says({ method: 'OPTIONS', inDialog: true })).toBe('pass');
  });

  test.each([
    ['sip.example.com', 'pass'],
    ['192.0.2.1', 'pass'],
    ['2001:db8::1', 'pass'],
    ['example.com', 'stranger'],
    ['192.0.2.2', 'stranger'],
    [undefined, 'pass'],
  ])('a registration for %s, with domains set: %s', (domain, outcome) => {
    const domains = ['SIP.example.com', '192.0.2.1', '2001:db8::1'];
    expect(says({ method: 'REGISTER', domain }, domains)).toBe(outcome);
  });

  test('without domains any will do', () => {
    expect(says({ method: 'REGISTER', domain: 'elsewhere.example' })).toBe('pass');
  });

  test.each([
    ['an empty domain', ['']],
    ['a URI', ['sip:example.com']],
    ['a pattern', ['*.example.com']],
  ])('refuses %s at load time', (_why, domains) => {
    expect(stealth.options.safeParse({ domains }).success).toBe(false);
  });

  test('says whose fault it is', () => {
    const { saw, setting } = ruleFor(['example.com']).explain(
      aRequest({ method: 'REGISTER', domain: '1.1.1.1' }),
      noCounts,
    );
    expect(saw).toBe('a stranger: REGISTER for 1.1.1.1');
    expect(setting).toEqual(['network', 'stealth', 'domains']);
  });
});

describe('whom refusals are hidden from', () => {
  test.each([
    ['a call of a stranger', { method: 'INVITE' }, true],
    ['a registration', { method: 'REGISTER' }, false],
    ['a call for help', { method: 'INVITE', emergency: true }, false],
  ])('%s: %s', (_what, about, hidden) => {
    expect(hidesFrom(aRequest(about), site)).toBe(hidden);
  });
  test.each(notStrangers)('not from %s', (_who, about) => {
    expect(hidesFrom(aRequest({ method: 'INVITE', ...about }), site)).toBe(false);
  });
});
