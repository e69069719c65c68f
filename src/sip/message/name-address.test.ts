import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tagOf } from './message.ts';
import { headerParameter, headerParameters, parseNameAddress } from './name-address.ts';

describe('parseNameAddress', () => {
  test.each([
    ['<sip:a@b>', ['', 'sip:a@b', '']],
    ['sip:a@b;tag=1', ['', 'sip:a@b', ';tag=1']],
    ['<sip:a@b;lr>;tag=1', ['', 'sip:a@b;lr', ';tag=1']],
    ['caller<sip:a@b> ; x', ['caller', 'sip:a@b', '; x']],
    ['"A \\"<sip:x@y>\\"" <sip:a@b>', ['"A \\"<sip:x@y>\\""', 'sip:a@b', '']],
    ['sip:a@b;x="<sip:c@d>"', ['', 'sip:a@b', ';x="<sip:c@d>"']],
  ])('reads %j', (value, [display, uri, parameters]) => {
    expect(parseNameAddress(value)).toEqual({ display, uri, parameters });
  });

  test.each([
    '',
    ';tag=1',
    '"A <sip:a@b>',
    '"A" sip:a@b',
    '<sip:a@b',
    '<sip:a@b> x',
    'sip:a@b?Route=x',
    'sip:a@b, sip:c@d',
    'a b',
  ])('refuses %j', (value) => {
    expect(parseNameAddress(value)).toBeUndefined();
  });

  test('a UTF-8 display name keeps its last byte', () => {
    const display = Buffer.from('voilà', 'utf8').toString('latin1');
    expect(parseNameAddress(`${display}<sip:a@b>`)?.display).toBe(display);
  });
});

describe('headerParameter', () => {
  const parameters =
    ';a=";expires=1;b=\\"";Expires = 60 ;+sip.instance="<urn:uuid:1>";flag;q=0.5;esc="a\\"b"';
  test.each([
    ['expires', '60'],
    ['EXPIRES', '60'],
    ['+sip.instance', '<urn:uuid:1>'],
    ['flag', ''],
    ['q', '0.5'],
    ['esc', 'a"b'],
    ['b', undefined],
    ['expire', undefined],
    ['lag', undefined],
  ])('finds %s', (name, value) => {
    expect(headerParameter(parameters, name)).toBe(value);
  });

  test('what is written is read back, whatever stands before it', () => {
    const name = fc.stringMatching(/^[a-z+.-]{1,12}$/);
    const token = fc.stringMatching(/^[\w.!%*+`'~-]{0,12}$/);
    const quoted = fc
      .string({ unit: fc.constantFrom(...'a ;=",\\<>é') })
      .map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`);
    const value = fc.oneof(token, quoted);
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([n]) => n }), (pairs) => {
        const text = pairs.map(([n, v]) => `;${n}=${v}`).join('');
        for (const [n, v] of pairs) {
          const plain = v.startsWith('"') ? v.slice(1, -1).replace(/\\(.)/g, '$1') : v;
          expect(headerParameter(text, n)).toBe(plain);
        }
        const names = [...pairs.map(([n]) => n), 'absent'];
        const each = names.map((n) => headerParameter(text, n));
        expect(headerParameters(text, names)).toEqual(each);
      }),
    );
  });
});

describe('tagOf', () => {
  test.each([
    ['<sip:a@b>;tag=1', '1'],
    ['sip:a@b;tag=1;x', '1'],
    ['sip:a@b ;   tag    = 1918181833n', '1918181833n'],
    ['"J \\\\\\"" <sip:a@b> ; tag = 98asjd8', '98asjd8'],
    ['<sip:a@b;tag=no>;tag=yes', 'yes'],
    ['"<x>;tag=no" <sip:a@b>;tag=yes', 'yes'],
    ['<sip:a@b>;x=";tag=no>";TAG=yes', 'yes'],
    ['<sip:a@b>;tag=yes;x=">"', 'yes'],
    ['sip:a@b;x="<";tag=yes', 'yes'],
    ['<sip:a@b>;xtag=no;tagx=no', ''],
    ['<sip:a@b>;tag', ''],
    ['<sip:a@b>', ''],
    ['"open <sip:a@b>;tag=1', ''],
    ['', ''],
  ])('of %j is %j', (value, tag) => {
    expect(tagOf(value)).toBe(tag);
  });

  test('of nothing is nothing', () => {
    expect(tagOf(undefined)).toBe('');
  });
});
