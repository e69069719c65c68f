import { expect, test } from 'vitest';
import { readDecision, readProgramAddress } from './read-decision.ts';

const read = (action: string, data: unknown) => readDecision(JSON.stringify({ action, data }));

test('every option of proxying', () => {
  expect(
    read('proxy', {
      destination: ['sip:a', 'sips:b;transport=tcp', 'tel:+49'],
      recordRoute: true,
      followRedirects: false,
      simultaneous: true,
      provisionalTimeout: '500ms',
      finalTimeout: '60s',
      whatever: 'comes later',
    }),
  ).toEqual({
    kind: 'proxy',
    destinations: ['sip:a', 'sips:b;transport=tcp', 'tel:+49'],
    recordRoute: true,
    followRedirects: false,
    simultaneous: true,
    provisionalTimeoutMs: 500,
    finalTimeoutMs: 60_000,
  });
  expect(
    read('proxy', { destination: 'sip:a', provisionalTimeout: '', finalTimeout: '' }),
  ).toMatchObject({
    provisionalTimeoutMs: undefined,
  });
});

test.each([
  ['nowhere', 'proxy', { destination: [] }],
  ['too many places', 'proxy', { destination: Array.from({ length: 11 }, () => 'sip:a') }],
  ['a URI of another kind', 'proxy', { destination: 'https://x' }],
  ['a URI with a line end', 'proxy', { destination: 'sip:a\r\nX: y' }],
  ['a URI that ends its brackets', 'redirect', { contact: 'sip:a>;x=<y' }],
  ['a URI beyond ASCII', 'redirect', { contact: 'sip:ä@x' }],
  ['a time without a unit', 'proxy', { destination: 'sip:a', provisionalTimeout: '5' }],
  ['a provisional status', 'reject', { status: 180 }],
  ['a status that is none', 'reject', { status: 700 }],
  ['a status in quotes', 'reject', { status: '486' }],
  ['a reason too long', 'reject', { status: 486, reason: 'x'.repeat(129) }],
  ['an empty tag', 'route', { tag: '' }],
  ['neither place nor tag', 'route', {}],
  ['a place without a port', 'route', { uri: 'app.example.com' }],
])('%s is no decision', (_what, action, data) => {
  expect(read(action, data)).toBeUndefined();
});

test.each([
  ['127.0.0.1:3001', { host: '127.0.0.1', port: 3001, tls: false }],
  ['app.example.com:3001;transport=tls', { host: 'app.example.com', port: 3001, tls: true }],
  ['[2001:db8::1]:3001;transport=TCP', { host: '2001:db8::1', port: 3001, tls: false }],
  ['127.0.0.1', undefined],
  ['127.0.0.1:0', undefined],
  ['127.0.0.1:65536', undefined],
  ['127.0.0.1:3001;transport=udp', undefined],
  ['a b:3001', undefined],
  ['/var/run/x:1', undefined],
])('the place of a program: %s', (text, expected) => {
  expect(readProgramAddress(text)).toEqual(expected);
});
