import { expect, test } from 'vitest';
import { adviceOn } from './why-not-open.ts';

test.each([
  ['cannot listen on udp 0.0.0.0 port 5060: bind EADDRINUSE 0.0.0.0:5060', 'sport = :5060'],
  ['cannot listen for programs on 127.0.0.1 port 9022: listen EADDRINUSE', 'with programPort'],
  ['cannot listen on udp 10.9.8.7 port 5060: bind EADDRNOTAVAIL 10.9.8.7:5060', 'ip address'],
  ['cannot listen on udp 0.0.0.0 port 506: bind EACCES 0.0.0.0:506', 'CAP_NET_BIND_SERVICE'],
  ['cannot listen on udp :: port 5060: socket EAFNOSUPPORT', 'optional: true'],
])('%s: says what to do', (problem, advice) => {
  expect(adviceOn(problem)).toContain(advice);
});

test('nothing is added to what speaks for itself', () => {
  expect(adviceOn('the certificate file is not a PEM certificate')).toBe('');
});
