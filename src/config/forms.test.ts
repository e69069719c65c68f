import { describe, expect, test } from 'vitest';
import { readHopUri, readHostPort, showHostPort } from './forms.ts';

describe('a host with or without a port', () => {
  test.each([
    ['sip.example.com', { host: 'sip.example.com' }],
    ['198.51.100.1:5062', { host: '198.51.100.1', port: 5062 }],
    ['[2001:db8::1]', { host: '2001:db8::1' }],
    ['[2001:db8::1]:5061', { host: '2001:db8::1', port: 5061 }],
  ])('%s', (text, value) => {
    expect(readHostPort(text)).toEqual({ ok: true, value });
  });

  test.each(['2001:db8::1', 'a b', 'host:0', 'host:70000', '300.1.1.1', 'x@y', ''])(
    '%j is refused',
    (text) => {
      expect(readHostPort(text).ok).toBe(false);
    },
  );
});

describe('the URI of a next hop', () => {
  test.each([
    'sip:192.0.2.10',
    'sip:192.0.2.10:5060',
    'sip:pbx.example.com;transport=tcp',
    'sips:[2001:db8::1]:5061',
    'sip:pbx;lr',
  ])('%s', (uri) => {
    expect(readHopUri(uri)).toEqual({ ok: true, value: uri });
  });

  test.each([
    ['192.0.2.10', 'a SIP URI'],
    ['tel:+15550100', 'a SIP URI'],
    ['sip:alice@pbx', 'without a user part'],
    ['sip:pbx;transport=sctp', ';transport= one of'],
    ['sip:pbx:99999', 'a port'],
    ['sip:', 'a SIP URI'],
    ['sip:pbx?Subject=x', 'a SIP URI'],
  ])('%j is refused: %s', (text, expected) => {
    expect(readHopUri(text)).toMatchObject({
      ok: false,
      expected: expect.stringContaining(expected),
    });
  });

  test.each([
    ['192.0.2.10:5060', 'sip:192.0.2.10:5060'],
    ['sip://pbx.example.com', 'sip:pbx.example.com'],
    ['tel:+15550100', undefined],
  ])('%j was meant to be %s', (text, meant) => {
    expect(readHopUri(text)).toMatchObject({ ok: false, hint: { meant } });
  });
});

test('IPv6 is shown in brackets', () => {
  expect(showHostPort('::', 5060)).toBe('[::]:5060');
  expect(showHostPort('0.0.0.0', 5060)).toBe('0.0.0.0:5060');
});
