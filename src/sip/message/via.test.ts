import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseVia } from './via.ts';

const parse = (value: string) => parseVia(value, 0, value.length);

describe('parseVia', () => {
  test.each([
    [
      'SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1;rport',
      { host: '192.0.2.1', port: 5062, branch: 'z9hG4bK1', rport: true },
    ],
    ['SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK1', { port: undefined }],
    ['SIP/2.0/TLS [2001:db8::9]:5061;branch=z9hG4bK1', { host: '[2001:db8::9]', port: 5061 }],
    ['SIP/2.0/UNKNOWN t4.example.com', { branch: '', rport: false }],
    [
      'SIP  /   2.0\r\n /UDP\r\n    192.0.2.2 : 5070 ; branch = 390skdjuw ',
      { host: '192.0.2.2', port: 5070, branch: '390skdjuw' },
    ],
    [
      'SIP/2.0/UDP a;rport=4711;received=192.0.2.7;maddr=10.0.0.1;BRANCH=x',
      { rport: true, branch: 'x' },
    ],
    ['SIP/2.0/UDP a;x=";branch=no";branch=yes', { branch: 'yes' }],
    ['SIP/7.0/UDP a;branch=x', { host: 'a', branch: 'x' }],
    ['SIP/2.0/UDP a;rport=999999', { rport: true }],
  ])('reads %j', (value, parts) => {
    expect(parse(value)).toMatchObject(parts);
  });

  test('reads the usual as it reads the unusual', () => {
    const parameter = fc.oneof(
      fc.constantFrom(';rport', ';rport=', ';rport=5062', ';rport=999999', ';received=192.0.2.7'),
      fc.constantFrom(
        ';branch=z9hG4bK1',
        ';Branch=',
        ';maddr=a',
        ';x',
        ';lr=\xe4',
        ';=x',
        ';;',
        ';',
      ),
      fc.constantFrom(';x=";branch=no"', ' ;y = z', ';received=[::1]', ', SIP/2.0/UDP b', ';a=b c'),
    );
    const host = fc.constantFrom('a', '192.0.2.1', 'a:5062', 'a:0', 'a:65536', 'a:05060', 'a:', '');
    fc.assert(
      fc.property(host, fc.array(parameter, { maxLength: 5 }), (named, parameters) => {
        const rest = named + parameters.join('');
        const usual = parse(`SIP/2.0/UDP ${rest}`);
        const unusual = parse(`SIP/2.0/UDP  ${rest}`); // the second blank is all that tells them apart
        const shifted = (place: number) => (place < 0 ? place : place - 1);
        expect(usual).toEqual(
          unusual && {
            ...unusual,
            end: unusual.end - 1,
            rportStart: shifted(unusual.rportStart),
            rportEnd: shifted(unusual.rportEnd),
            receivedStart: shifted(unusual.receivedStart),
            receivedEnd: shifted(unusual.receivedEnd),
          },
        );
      }),
    );
  });

  test('reads one value of a list and says where it stands', () => {
    const line = 'Via: SIP/2.0/UDP a:1;branch=x , SIP/2.0/TCP b;branch=y';
    const first = parseVia(line, 5, line.length);
    expect(first).toMatchObject({ host: 'a', branch: 'x', start: 5 });
    expect(line.charAt(first?.end ?? 0)).toBe(',');
  });

  test('says where rport and received stand, folds or not', () => {
    const line = 'SIP / 2.0\r\n   / UDP a\r\n ;rport;branch=x; received=192.0.2.7';
    const via = parse(line);
    expect(line.slice(via?.rportStart, via?.rportEnd)).toBe(';rport');
    expect(line.slice(via?.receivedStart, via?.receivedEnd)).toBe('; received=192.0.2.7');
    expect(parse('SIP/2.0/UDP a')).toMatchObject({ rportStart: -1, receivedStart: -1 });
  });

  test.each([
    '',
    'SIP/2.0/UDP',
    'SIP/2.0/UDP ',
    'HTTP/1.1 a',
    'SIP/2.0/UDP a b',
    ' SIP/2.0/UDP a',
    'SIP/2.0/UDP a:0',
    'SIP/2.0/UDP a:65536',
    'SIP/2.0/UDP a:x',
    'SIP/2.0/UDP 192.0.2.15;;,;,,',
    'SIP/2.0/UDP a;',
    'SIP/2.0/UDP a;=x',
    'SIP/2.0/UDP [::1;branch=x',
  ])('refuses %j', (value) => {
    expect(parse(value)).toBeUndefined();
  });
});
