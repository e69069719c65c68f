import { expect, test } from 'vitest';
import type { Listener } from '../edge/signaling.ts';
import { parseUri } from '../sip/message/uri.ts';
import { OwnNames } from './own-names.ts';

const listener = (about: Partial<Listener>): Listener => ({
  name: 'a',
  transport: 'udp',
  address: '192.0.2.1',
  port: 5060,
  realm: 'access',
  advertised: { host: '192.0.2.1', port: 5060 },
  ...about,
});
const names = new OwnNames([
  listener({}),
  listener({ address: '2001:db8::1', advertised: { host: '2001:db8::1', port: 5060 } }),
  listener({ port: 5070, advertised: { host: 'Sip.Example.com', port: 5075 } }),
]);

test.each([
  ['sip:192.0.2.1', true],
  ['sip:192.0.2.1:5060', true],
  ['sip:192.0.2.1:5070', true],
  ['sip:192.0.2.1:5075', false],
  ['sips:192.0.2.1', false],
  ['sip:192.0.2.1;transport=tls', false],
  ['sip:192.0.2.1:5060;transport=tls', true],
  ['sip:[2001:db8::1]', true],
  ['sip:[2001:db8::1]:5070', false],
  ['sip:SIP.example.com', true],
  ['sips:sip.example.com', true],
  ['sip:sip.example.com:5075', true],
  ['sip:sip.example.com:5070', false],
  ['sip:sip.example.com:0', false],
  ['sip:192.0.2.2', false],
  ['sip:example.com', false],
])('%s names one of our listeners: %s', (uri, expected) => {
  const parsed = parseUri(uri);
  expect(parsed !== undefined && names.isOurs(parsed)).toBe(expected);
});
