import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aRequest } from '../../../test/support/a-message.ts';
import { Header } from './header-name.ts';
import { readMessage } from './read-message.ts';

describe('a value', () => {
  const read = (raw: string) =>
    readMessage(`OPTIONS sip:a SIP/2.0\r\nSubject:${raw}\r\n\r\n`)?.value(Header.subject);

  test('comes trimmed and unfolded', () => {
    expect(read(' \ta  b \t')).toBe('a  b');
    expect(read('\r\n  a \t\r\n\t b\r\n ')).toBe('a b');
  });

  test('keeps every byte above 127', () => {
    const letter = Buffer.from('à', 'utf8').toString('latin1');
    expect(read(` ${letter} \r\n ${letter} `)).toBe(`${letter} ${letter}`);
  });

  test('is the same however it is folded', () => {
    const word = fc.stringMatching(/^[!-~\x80-\xff]{1,8}$/);
    const fold = fc.stringMatching(/^[ \t]{0,2}\r\n[ \t]{1,3}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(fold, word), { minLength: 1, maxLength: 6 }), (pieces) => {
        const raw = pieces.map(([blanks, text]) => blanks + text).join('');
        expect(read(raw)).toBe(pieces.map(([, text]) => text).join(' '));
      }),
    );
  });
});

describe('headers by name', () => {
  const message = aRequest({
    headers: { 'X-Tail': ['one', 'two'], b: '<sip:r@b>', 'x-tail-2': 'three' },
  });
  test.each([
    ['call-id', '1j9FpLxk3uxtm8tn@192.0.2.1'],
    ['X-TAIL', 'one'],
    ['Referred-By', '<sip:r@b>'],
    ['X-Tail-2', 'three'],
    ['Subject', undefined],
    ['X-Absent', undefined],
  ])('%s', (name, value) => {
    expect(message.header(name)).toBe(value);
  });
  test('go on where one left off', () => {
    const first = message.findNamed('x-tail');
    expect(message.valueOf(message.findNamed('x-tail', first + 1))).toBe('two');
  });
});

describe('CSeq', () => {
  test.each([
    ['1 INVITE', 1, 'INVITE'],
    ['0009\r\n  INVITE', 9, 'INVITE'],
    ["7\tNEWMETHOD.!%*_+`'~ ", 7, "NEWMETHOD.!%*_+`'~"],
    ['2147483647 ACK', 2147483647, 'ACK'],
  ])('reads %j', (value, cseq, cseqMethod) => {
    expect(aRequest({ headers: { CSeq: value } })).toMatchObject({ cseq, cseqMethod });
  });

  test.each([
    '',
    '1',
    'INVITE 1',
    '1INVITE',
    '-1 INVITE',
    '1 INVITE x',
    '1 IN\x01VITE',
    '2147483648 INVITE',
    '36893488147419103232 REGISTER',
  ])('refuses %j', (value) => {
    expect(aRequest({ headers: { CSeq: value } }).cseq).toBe(-1);
  });

  test('is asked for once and then known, readable or not', () => {
    const message = aRequest({ headers: { CSeq: undefined } });
    expect([message.cseq, message.cseq, message.cseqMethod]).toEqual([-1, -1, '']);
  });
});

test('a list header is one list over all its lines', () => {
  const message = aRequest({ headers: { Route: ['<sip:a;lr>, <sip:b,c;lr>', '<sip:d;lr>'] } });
  expect(message.list(Header.route)).toEqual(['<sip:a;lr>', '<sip:b,c;lr>', '<sip:d;lr>']);
  expect(message.count(Header.route)).toBe(2);
});

test('keys of an ordinary request', () => {
  expect(aRequest()).toMatchObject({
    callId: '1j9FpLxk3uxtm8tn@192.0.2.1',
    fromTag: 'a73kszlfl',
    toTag: '',
    cseq: 1,
    via: { host: '192.0.2.1', port: 5062, branch: 'z9hG4bK-d8754z-1', rport: true },
    uri: { user: '1002', host: 'gate.example' },
  });
});
