import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpuMeter } from '../../../test/support/cpu-meter.ts';
import { digestParameter, digestParameters, withDigestParameter } from './digest.ts';

const credentials =
  'Digest username="Mufasa", realm="a, b", nonce="7ypf/xlj9XXwfDPEoM4URrv/", uri="sip:x;a=b", ' +
  'response="6629", algorithm=MD5, qop=auth, nc=00000001';

describe('a digest', () => {
  test.each([
    ['username', 'Mufasa'],
    ['realm', 'a, b'],
    ['nonce', '7ypf/xlj9XXwfDPEoM4URrv/'],
    ['uri', 'sip:x;a=b'],
    ['algorithm', 'MD5'],
    ['nc', '00000001'],
    ['opaque', undefined],
    ['user', undefined],
  ])('has %s %j', (name, value) => {
    expect(digestParameter(credentials, name)).toBe(value);
  });

  test.each([
    ['a comma in quotes is none', 'Digest realm="x, username=evil", username="good"', 'good'],
    [
      'nor is a quote behind a backslash',
      String.raw`Digest realm="\", username=\"x", username="good"`,
      'good',
    ],
    [
      'a backslash takes the next for itself',
      String.raw`Digest username="a\"b\\c"`,
      String.raw`a"b\c`,
    ],
    ['names and the scheme are in any case', 'DIGEST UserName="1001"', '1001'],
    [
      'blanks, folds and empty elements count for nothing',
      'Digest \t, , username = \r\n "1001" ,',
      '1001',
    ],
    ['quotes may be left out', 'Digest username=1001,nonce=2', '1001'],
    ['it may be empty', 'Digest username="", nonce="x"', ''],
    ['a parameter without a value is passed over', 'Digest auth-int, username="1001"', '1001'],
    [
      'what follows a value up to the comma is not a name',
      'Digest realm="x" username="no", username="yes"',
      'yes',
    ],
    ['quotes that never end are not read', 'Digest username="1001', undefined],
    ['another scheme has none', 'Basic username="1001"', undefined],
    ['nor has a word that only begins so', 'Digestive username="1001"', undefined],
    ['nor has nothing', '', undefined],
  ])('%s', (_promise, value, username) => {
    expect(digestParameter(value, 'username')).toBe(username);
  });

  test('shows every value of a name that stands there twice', () => {
    expect(
      digestParameters('Digest username="1001", nonce="n", username="1002"', 'username'),
    ).toEqual(['1001', '1002']);
  });

  test.each([
    [
      'put in place of one',
      'Digest a="1", opaque="x", b="2"',
      'y',
      'Digest a="1", opaque="y", b="2"',
    ],
    ['put in place of one without quotes', 'Digest opaque=x,b=2', 'y', 'Digest opaque="y",b=2'],
    ['added where there is none', 'Digest a="1"', 'y', 'Digest a="1", opaque="y"'],
    [
      'taken out of the middle',
      'Digest a="1", opaque="x", b="2"',
      undefined,
      'Digest a="1", b="2"',
    ],
    ['taken out at the end', 'Digest a="1", opaque="x"', undefined, 'Digest a="1"'],
    ['not taken out where there is none', 'Digest a="1"', undefined, 'Digest a="1"'],
  ])('a parameter can be %s', (_how, before, wanted, after) => {
    expect(withDigestParameter(before, 'opaque', wanted)).toBe(after);
  });

  test('reads back what was put in', () => {
    fc.assert(
      fc.property(fc.string(), (opaque) => {
        const marked = withDigestParameter(credentials, 'opaque', opaque);
        expect(digestParameters(marked, 'opaque')).toEqual([opaque]);
        expect(withDigestParameter(marked, 'opaque', undefined)).toBe(credentials);
      }),
    );
  });

  test('reads back whatever a client may write into quotes', () => {
    const quote = (text: string) => `"${text.replace(/["\\]/g, (one) => `\\${one}`)}"`;
    fc.assert(
      fc.property(fc.string(), fc.string(), (username, realm) => {
        const value = `Digest realm=${quote(realm)}, username=${quote(username)}`;
        expect(digestParameters(value, 'username')).toEqual([username]);
      }),
    );
  });

  test('never throws, and takes time in proportion to the text', () => {
    fc.assert(fc.property(fc.string(), (text) => void digestParameters(`Digest ${text}`, 'nonce')));
    const hostile = `Digest ${'a="\\"'.repeat(20_000)}`;
    const spent = cpuMeter();
    digestParameters(hostile, 'username');
    expect(spent()).toBeLessThan(200);
  });
});
