import { describe, expect, test } from 'vitest';
import {
  appHeader,
  appLines,
  contentType,
  readAppMessage,
  withoutAnyLocalhost,
  withoutLocalhost,
} from './app-headers.ts';

const read = (...lines: readonly string[]) => readAppMessage(lines.join('\r\n'));

describe('what a program writes', () => {
  test('is a start line, headers, and all behind the first empty line for a body', () => {
    const message = read(
      'INVITE sip:x SIP/2.0',
      'subject:  a b ',
      'Content-Length: 1',
      '',
      'v=0',
      '',
      'x',
    );
    expect(message.startLine).toBe('INVITE sip:x SIP/2.0');
    expect(message.headers).toEqual([{ name: 'Subject', lower: 'subject', value: 'a b' }]);
    expect(message.body).toBe('v=0\r\n\r\nx');
  });

  test('may have any line ends, and none at its end', () => {
    expect(readAppMessage('BYE sip:x SIP/2.0\nReason: y').headers).toHaveLength(1);
    expect(readAppMessage('BYE sip:x SIP/2.0\n\nbody').body).toBe('body');
    expect(readAppMessage('BYE sip:x SIP/2.0').headers).toEqual([]);
  });

  test.each(['no colon', ': no name', 'bad name: x', 'na\x00me: x', ' folded: x y'])(
    'has the line %j skipped',
    (line) => {
      const { headers } = read('BYE sip:x SIP/2.0', line, 'Reason: y', '', '');
      expect(headers.map(({ lower }) => lower).filter((name) => name !== 'folded')).toEqual([
        'reason',
      ]);
    },
  );

  test.each(['Via', 'route', 'Record-Route', 'RSeq', 'content-length', 'v', 'l'])(
    'has no say in %s',
    (name) => {
      expect(read('BYE sip:x SIP/2.0', `${name}: y`, '', '').headers).toEqual([]);
    },
  );

  test.each([
    ['user-agent', 'User-Agent'],
    ['call-id', 'Call-ID'],
    ['cseq', 'CSeq'],
    ['www-authenticate', 'WWW-Authenticate'],
    ['min-se', 'Min-SE'],
    ['p-asserted-identity', 'P-Asserted-Identity'],
    ['my-own-thing', 'My-Own-Thing'],
    ['x-kept-as-is', 'x-kept-as-is'],
    ['X-KEPT', 'X-KEPT'],
    ['f', 'From'],
    ['o', 'Event'],
  ])('has %s sent as %s', (written, sent) => {
    expect(appLines(read('BYE sip:x SIP/2.0', `${written}: y`, '', ''), new Set())).toBe(
      `${sent}: y\r\n`,
    );
  });

  test('keeps its bytes', () => {
    const message = read('BYE sip:x SIP/2.0', 'X-A: \xc3\xbc', '', '\xff\x00');
    expect(appHeader(message, 'x-a')).toBe('\xc3\xbc');
    expect(message.body).toBe('\xff\x00');
  });
});

test('a body that looks like a session is one; another has to say what it is', () => {
  expect(contentType(read('INVITE x SIP/2.0', '', 'v=0'))).toBe(
    'Content-Type: application/sdp\r\n',
  );
  expect(contentType(read('INVITE x SIP/2.0', '', 'hi'))).toBeUndefined();
  expect(contentType(read('INVITE x SIP/2.0', 'c: text/plain', '', 'hi'))).toBe('');
  expect(contentType(read('INVITE x SIP/2.0', '', ''))).toBe('');
});

test.each([
  ['<sip:me@localhost>', '<sip:me@192.0.2.1:5060>'],
  ['"localhost" <sip:me@localhost:9;x=y>;z', '"localhost" <sip:me@192.0.2.1:5060;x=y>;z'],
  ['<sip:me@localhost.example>', '<sip:me@localhost.example>'],
  ['<sip:localhost>', '<sip:localhost>'],
])('localhost in %s stands for us', (value, expected) => {
  expect(withoutLocalhost(value, '192.0.2.1:5060')).toBe(expected);
});

test('in a From it does so without a user too', () => {
  expect(withoutAnyLocalhost('<sip:localhost>;tag=1', '192.0.2.1:5060')).toBe(
    '<sip:192.0.2.1:5060>;tag=1',
  );
});
