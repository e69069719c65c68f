import { describe, expect, test } from 'vitest';
import { aChannel, aListener, aRequest } from '../../../test/support/a-program-server.ts';
import { cpuMeter } from '../../../test/support/cpu-meter.ts';
import type { RequestRule } from '../../config/settings.ts';
import { compileRequestRules } from './request-rules.ts';
import { matches } from './wildcard.ts';

const takes = (
  rule: Partial<RequestRule>,
  request: Parameters<typeof aRequest>[0] = {},
  channel = aChannel(),
) => compileRequestRules([{ to: 'programs', ...rule }])(aRequest(request), channel);

describe('a rule', () => {
  test.each<[string, Partial<RequestRule>, Parameters<typeof aRequest>[0], boolean]>([
    ['a method', { methods: ['INVITE', 'INFO'] }, { method: 'INFO' }, true],
    ['another method', { methods: ['INVITE'] }, { method: 'INFO' }, false],
    ['a user', { user: '7???' }, { uri: 'sip:7123@x' }, true],
    ['a user too long', { user: '7???' }, { uri: 'sip:71234@x' }, false],
    ['a user in another case', { user: 'Bob' }, { uri: 'sip:bob@x' }, false],
    ['no user', { user: '*' }, { uri: 'sip:x' }, true],
    ['an escaped user', { user: '112' }, { uri: 'sip:%31%312@x' }, true],
    ['a user that ends at an escape', { user: '112' }, { uri: 'sip:112%00x@x' }, true],
    ['an escaped parameter of a user', { user: '112' }, { uri: 'sip:112%3Bx=y@x' }, true],
    ['a user that was escaped twice', { user: '112' }, { uri: 'sip:%2531%2531%2532@x' }, false],
    ['a user with parameters', { user: '112' }, { uri: 'sip:112;phone-context=x@x' }, true],
    ['a number', { user: '+49*' }, { uri: 'tel:+4930;x=y' }, true],
    ['a host', { host: '*.Example.com' }, { uri: 'sip:a@APPS.example.com:5070' }, true],
    ['another host', { host: '*.example.com' }, { uri: 'sip:a@example.com' }, false],
    [
      'a header that is there',
      { header: { name: 'x-app', value: '*' } },
      { headers: ['X-App: 1'] },
      true,
    ],
    ['one that is not', { header: { name: 'X-App', value: '*' } }, {}, false],
    [
      'a value, in any case, in the second of them',
      { header: { name: 'X-App', value: '*voice*' } },
      { headers: ['X-App: fax', 'X-App: my VOICE app'] },
      true,
    ],
    ['another value', { header: { name: 'X-App', value: 'a' } }, { headers: ['X-App: b'] }, false],
    [
      'a header by its short name',
      { header: { name: 'Subject', value: 'x' } },
      { headers: ['s: x'] },
      true,
    ],
    ['all of several', { methods: ['INVITE'], user: '1*' }, { uri: 'sip:101@x' }, true],
    ['one of several', { methods: ['INVITE'], user: '2*' }, { uri: 'sip:101@x' }, false],
  ])('%s', (_what, rule, request, expected) => {
    expect(takes(rule, request)).toBe(expected);
  });

  test('a realm and a listener are where it really came in', () => {
    const tls = aListener({ transport: 'tls', port: 5061, realm: 'trunk' });
    expect(takes({ realm: 'trunk' }, {}, aChannel(tls))).toBe(true);
    expect(takes({ realm: 'core' }, {}, aChannel(tls))).toBe(false);
    expect(takes({ realm: 'core' }, {}, aChannel(tls, 'core'))).toBe(true);
    const { transport, address } = tls;
    expect(takes({ listener: { transport, address, port: 5061 } }, {}, aChannel(tls))).toBe(true);
    expect(takes({ listener: { transport, address, port: 0 } }, {}, aChannel(tls))).toBe(true);
    expect(takes({ listener: { transport, address, port: 5062 } }, {}, aChannel(tls))).toBe(false);
    expect(takes({ listener: { transport: 'udp', address, port: 0 } }, {}, aChannel(tls))).toBe(
      false,
    );
  });
});

test('the first that matches decides; none means the usual way', () => {
  const rules = compileRequestRules([
    { user: '112', to: 'pbx' },
    { user: '1*', to: 'programs' },
  ]);
  const of = (user: string) => rules(aRequest({ uri: `sip:${user}@x` }), aChannel());
  expect([of('112'), of('113'), of('201')]).toEqual([false, true, false]);
  expect(compileRequestRules([])(aRequest(), aChannel())).toBe(false);
});

test.each([
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['a*c', 'abbc', true],
  ['a*c', 'abbd', false],
  ['*a*b*', 'xxaxxbxx', true],
  ['*ab', 'aab', true],
  ['?', '', false],
  ['a.c', 'abc', false],
  ['(a+)+$', '(a+)+$', true],
])('%j against %j', (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected);
});

test('no text makes it take long', () => {
  const pattern = `${'*a'.repeat(60)}b`;
  const spent = cpuMeter();
  expect(matches(pattern, 'a'.repeat(1024))).toBe(false);
  expect(matches(pattern, 'a'.repeat(60_000))).toBe(false);
  expect(spent()).toBeLessThan(100);
});
