import { expect, test } from 'vitest';
import { aRequest } from '../../../test/support/a-message.ts';
import type { Channel } from '../transport/transports.ts';
import { deliverable, stackTime } from './frames.ts';

const source = { address: '203.0.113.9', port: 4711 } as Channel;

test('a time is UTC, to the microsecond', () => {
  expect(stackTime(Date.UTC(2026, 1, 3, 4, 5, 6, 7) + 0.25)).toBe('04:05:06.007250');
});

test('a message is delivered with names in full, without folds, with where it came from and its true length', () => {
  const request = aRequest({
    startLine: 'SUBSCRIBE sip:x SIP/2.0',
    headers: { 'Content-Length': undefined, o: 'presence', Subject: 'a\r\n b', 'x-Odd': '\xff' },
    body: 'hi',
  });
  const text = deliverable(request, source);
  expect(text).toContain('\r\nEvent: presence\r\nSubject: a b\r\nx-Odd: \xff\r\n');
  expect(text).toMatch(/\r\nVia: [^\r]*;rport=4711;received=203\.0\.113\.9\r\n/);
  expect(text.endsWith('\r\nContent-Length: 2\r\n\r\nhi')).toBe(true);
});

test('what drachtio-srf could not read, or would take for something else, does not reach it', () => {
  const request = aRequest({
    startLine: 'INVITE sip:x sip/2.0',
    headers: { 'Call%2DID': 'another', '%56ia': 'x', 'X-Odd': '100%' },
  });
  const text = deliverable(request, source);
  expect(text).toMatch(/^INVITE sip:x SIP\/2\.0\r\n/);
  expect(text).not.toMatch(/another|%56ia/);
  expect(text).toContain('\r\nX-Odd: 100%\r\n');
});
