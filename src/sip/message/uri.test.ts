import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bareHost, parseUri, uriHost, uriParameter } from './uri.ts';

describe('parseUri', () => {
  test.each([
    ['sip:example.com', { user: '', host: 'example.com', port: undefined }],
    ['SIP:1001@Example.COM:5070', { user: '1001', host: 'example.com', port: 5070 }],
    ['sips:a:secret@h', { scheme: 'sips', user: 'a', host: 'h' }],
    ['sip:[2001:db8::1]:5060', { host: '[2001:db8::1]', port: 5060 }],
    ['sip:user;par=u@example.net', { user: 'user;par=u', host: 'example.net', parameters: '' }],
    ['sip:a?b@h', { user: 'a?b', host: 'h', headers: '' }],
    ['sip:h;lr;transport=TCP', { parameters: ';lr;transport=TCP', headers: '' }],
    ['sip:a@h;x=1?Route=%3Csip:b%3E', { parameters: ';x=1', headers: '?Route=%3Csip:b%3E' }],
    ['sip:sips%3Auser%40example.com@example.net', { user: 'sips%3Auser%40example.com' }],
  ])('reads %j', (text, parts) => {
    expect(parseUri(text)).toMatchObject(parts);
  });

  test.each([
    '',
    'sip:',
    'sip:@',
    'sip:a@',
    'sip:a b@h',
    'sip:a@b@c',
    ' sip:a@h',
    '<sip:a@h>',
    'sip:a@h;x="y"',
    'sip:h:0',
    'sip:h:65536',
    'sip:h:',
    'sip:h:5060x',
    'sip:a\0b@h',
    'sip:a@h\r\nVia: x',
    'tel:+15551234',
    'isbn:2983792873',
  ])('refuses %j', (text) => {
    expect(parseUri(text)).toBeUndefined();
  });

  test('what was read before changes nothing', () => {
    const texts = [...'abcdefgh'].flatMap((user) => [
      ...[`sip:${user}@gate`, `sip:${user}@${'a'.repeat(64)}.gate`, `tel:${user}@gate`],
    ]);
    const alone = texts.map((text) => ({
      user: text.startsWith('sip:') ? text.charAt(4) : undefined,
      host: text.startsWith('sip:') ? text.slice(6) : undefined,
    }));
    for (let round = 0; round < 2; round++)
      for (const [at, text] of texts.entries())
        for (let times = 0; times < 2; times++) {
          const uri = parseUri(text);
          expect({ user: uri?.user, host: uri?.host }).toEqual(alone[at]);
        }
  });

  test('nothing that it takes holds what could end a header or another URI', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'sip:@;?<>" \r\n\0a1.[]%,') }), (tail) => {
        const uri = `sip:${tail}`;
        if (parseUri(uri) !== undefined) expect(uri).not.toMatch(/[\s<>"\0]/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('uriParameter', () => {
  const parameters = ';transportx=a;Transport=tcp;lr;empty=';
  test.each([
    ['transport', 'tcp'],
    ['lr', ''],
    ['empty', ''],
    ['transpor', undefined],
    ['x', undefined],
  ])('finds %s', (name, value) => {
    expect(uriParameter(parameters, name)).toBe(value);
  });
});

test('hosts with and without brackets', () => {
  expect(bareHost('[::1]')).toBe('::1');
  expect(bareHost('a.example')).toBe('a.example');
  expect(uriHost('::1')).toBe('[::1]');
  expect(uriHost('[::1]')).toBe('[::1]');
  expect(uriHost('192.0.2.1')).toBe('192.0.2.1');
});
