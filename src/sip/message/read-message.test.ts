import { describe, expect, test } from 'vitest';
import { aRequest, requestText, responseText } from '../../../test/support/a-message.ts';
import { Header } from './header-name.ts';
import { readMessage } from './read-message.ts';

describe('the first line', () => {
  test('of a request', () => {
    const message = readMessage('INVITE sip:a@b;x SIP/2.0\r\n\r\n');
    expect(message).toMatchObject({
      isRequest: true,
      method: 'INVITE',
      requestUri: 'sip:a@b;x',
      requestUriStart: 7,
      version: 'SIP/2.0',
      flaw: undefined,
    });
  });

  test('of a response, its reason empty or any bytes', () => {
    const message = (line: string) => readMessage(`${line}\r\n\r\n`);
    expect(message('SIP/2.0 200 OK then')).toMatchObject({ status: 200, reason: 'OK then' });
    expect(message('SIP/2.0 100 ')).toMatchObject({ isRequest: false, status: 100, reason: '' });
    expect(message('SIP/2.0 180')).toMatchObject({ status: 180, reason: '' });
    expect(message('SIP/2.0 200 \xd0\xbd')).toMatchObject({ reason: '\xd0\xbd' });
    expect(message('SIP/2.0 4294967301 better')).toMatchObject({ status: 4294967301 });
  });

  test('keeps a version that is not ours', () => {
    expect(readMessage('OPTIONS sip:a SIP/7.0\r\n\r\n')?.version).toBe('SIP/7.0');
  });

  test.each([
    '',
    '\r\n',
    '\r\n\r\n',
    'INVITE sip:a@b SIP/2.0',
    'hello\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'INVITE sip:a@b\r\n\r\n',
    'INVITE  SIP/2.0\r\n\r\n',
    ' sip:a@b SIP/2.0\r\n\r\n',
    'SIP/2.0 20 OK\r\n\r\n',
    'SIP/2.0 OK\r\n\r\n',
    '\0\0\0\0',
    '\x16\x03\x01\x02\x00\x01\r\n',
  ])('%j is not SIP at all', (wire) => {
    expect(readMessage(wire)).toBeUndefined();
  });
});

describe('what is wrong with the lines', () => {
  const head = 'OPTIONS sip:a SIP/2.0\r\n';
  test.each([
    ['a blank after the version', 'OPTIONS sip:a SIP/2.0 \r\n\r\n', 'start-line'],
    ['a bare LF after the first line', 'OPTIONS sip:a SIP/2.0\nTo: x\r\n\r\n', 'bare-cr-or-lf'],
    ['a bare CR in the first line', 'OPTIONS sip:a\rb SIP/2.0\r\n\r\n', 'bare-cr-or-lf'],
    ['a bare LF after a header', `${head}To: x\nFrom: y\r\n\r\n`, 'bare-cr-or-lf'],
    ['a bare CR in a header', `${head}To: x\rFrom: y\r\n\r\n`, 'bare-cr-or-lf'],
    ['a bare LF in a fold', `${head}To: x\r\n y\n z\r\n\r\n`, 'bare-cr-or-lf'],
    ['LF alone all over', 'OPTIONS sip:a SIP/2.0\nTo: x\n\n', 'bare-cr-or-lf'],
    ['a NUL in a header', `${head}To: a\0b\r\n\r\n`, 'nul'],
    ['a NUL in the Request-URI', 'OPTIONS sip:a\0b SIP/2.0\r\n\r\n', 'nul'],
    ['a line without a colon', `${head}To\r\n\r\n`, 'header-syntax'],
    ['a line without a name', `${head}: x\r\n\r\n`, 'header-syntax'],
    ['a name with a blank in it', `${head}X Y: x\r\n\r\n`, 'header-syntax'],
    ['a name with a control character', `${head}X\x08: x\r\n\r\n`, 'header-syntax'],
    ['a name that goes on in a fold', `${head}Via\r\n : x\r\n\r\n`, 'header-syntax'],
    ['a fold of nothing', `${head} x: y\r\n\r\n`, 'header-syntax'],
    ['no blank line', `${head}To: x\r\n`, 'no-end-of-headers'],
    ['nothing after the first line', head, 'no-end-of-headers'],
    ['a last line that stops', `${head}To: x`, 'no-end-of-headers'],
    ['a fold that stops', `${head}To: x\r\n y`, 'no-end-of-headers'],
    ['more headers than anyone sends', `${head}${'a:b\r\n'.repeat(513)}\r\n`, 'no-end-of-headers'],
    ['a negative Content-Length', `${head}Content-Length: -1\r\n\r\n`, 'content-length'],
    ['two Content-Lengths', `${head}l: 1\r\nContent-Length: 2\r\n\r\nab`, 'content-length'],
    ['a Content-Length with more in it', `${head}l: 1, 1\r\n\r\nab`, 'content-length'],
    ['a body cut short', `${head}Content-Length: 5\r\n\r\nabcd`, 'body-cut-short'],
  ])('%s', (_why, wire, flaw) => {
    expect(readMessage(wire)?.flaw).toBe(flaw);
  });

  test('a NUL may stand in a quoted pair and in the body', () => {
    expect(readMessage(`${head}To: "\\\0" <sip:a>\r\n\r\n\0\0`)?.flaw).toBeUndefined();
  });

  test('nothing in an ordinary message', () => {
    expect(readMessage(requestText())?.flaw).toBeUndefined();
    expect(readMessage(responseText())?.flaw).toBeUndefined();
  });
});

describe('headers', () => {
  test('are found by id in any case and compact form, blanks before the colon or not', () => {
    const wire = 'OPTIONS sip:a SIP/2.0\r\nv : a\r\nVIA\t:\tb\r\nVia:c\r\n\r\n';
    const message = readMessage(wire);
    expect(message?.list(Header.via)).toEqual(['a', 'b', 'c']);
  });

  test('say where they stand', () => {
    const message = aRequest();
    const line = message.find(Header.callId);
    expect(message.wire.slice(message.lineStart(line), message.lineEnd(line))).toBe(
      'Call-ID: 1j9FpLxk3uxtm8tn@192.0.2.1',
    );
    expect(message.wire.slice(message.valueStart(line), message.lineEnd(line))).toBe(
      '1j9FpLxk3uxtm8tn@192.0.2.1',
    );
    expect(message.lineName(line)).toBe('Call-ID');
  });

  test('may be empty', () => {
    const message = readMessage('OPTIONS sip:a SIP/2.0\r\nSubject:\r\ns: \r\nTo: x\r\n\r\n');
    expect(message?.list(Header.subject)).toEqual(['', '']);
    expect(message?.value(Header.to)).toBe('x');
  });
});

describe('the body', () => {
  const head = 'OPTIONS sip:a SIP/2.0\r\n';
  test('ends where Content-Length says; what follows is no part of the message', () => {
    expect(readMessage(`${head}Content-Length\t: 0003\r\n\r\nabcINVITE`)?.body).toBe('abc');
  });
  test('without Content-Length is the rest of the datagram', () => {
    expect(readMessage(`${head}\r\na\0b\r\n`)?.body).toBe('a\0b\r\n');
  });
  test('may look like headers', () => {
    const message = readMessage(`${head}To: x\r\n\r\nFrom: y\r\n\r\n`);
    expect(message?.find(Header.from)).toBe(-1);
  });
});

test('empty lines before the message are no part of it', () => {
  const message = readMessage(`\r\n\r\n${requestText()}`);
  expect(message?.wire).toBe(requestText());
  expect(message?.method).toBe('INVITE');
});
