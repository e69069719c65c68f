import { describe, expect, test } from 'vitest';
import { isSamePlace, type ListenPoint, readListenPoint, showListenPoint } from './listen-point.ts';

describe('a listen point', () => {
  test.each([
    ['udp:0.0.0.0:5060', { transport: 'udp', address: '0.0.0.0', port: 5060 }],
    ['TLS:[::]:5061', { transport: 'tls', address: '::', port: 5061 }],
    ['ws:127.0.0.1:0', { transport: 'ws', address: '127.0.0.1', port: 0 }],
  ])('%s', (text, value) => {
    expect(readListenPoint(text)).toEqual({ ok: true, value });
  });

  test.each([
    ['sctp:0.0.0.0:5060', 'the transports are udp, tcp, tls, ws, wss'],
    ['udp:sip.example.com:5060', 'an IP address of this machine'],
    ['udp:0.0.0.0:65536', 'a port from 0 to 65535'],
    ['udp:999.0.0.1:5060', 'an IP address of this machine'],
    ['tls:::1:5061', 'IPv6 in brackets'],
    ['udp:0.0.0.0', 'transport:address:port'],
    ['', 'transport:address:port'],
  ])('%j is refused: %s', (text, expected) => {
    expect(readListenPoint(text)).toEqual({
      ok: false,
      expected: expect.stringContaining(expected),
    });
  });

  test.each([
    ['udp:[::ffff:192.0.2.1]:5060', 'udp:192.0.2.1:5060'],
    ['tls:*:5061', 'tls:0.0.0.0:5061'],
  ])('%s cannot be bound; %s was meant', (text, meant) => {
    expect(readListenPoint(text)).toMatchObject({ ok: false, hint: { meant } });
  });
});

const at: ListenPoint = { transport: 'udp', address: '2001:db8::1', port: 5060 };

test('is shown as it is read', () => {
  expect(readListenPoint(showListenPoint(at))).toEqual({ ok: true, value: at });
});

test('is the same as another that differs in nothing', () => {
  expect(isSamePlace(at, { ...at })).toBe(true);
});

test.each<[string, Partial<ListenPoint>]>([
  ['transport', { transport: 'tcp' }],
  ['address', { address: '2001:db8::2' }],
  ['port', { port: 5061 }],
])('is another where its %s is', (_what, other) => {
  expect(isSamePlace(at, { ...at, ...other })).toBe(false);
});
