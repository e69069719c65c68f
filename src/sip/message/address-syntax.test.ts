import { describe, expect, test } from 'vitest';
import { endOfAddress } from './address-syntax.ts';

const end = (value: string) => endOfAddress(value, 0, value.length);

describe('an address is taken whole', () => {
  test.each([
    '<sip:a@b>',
    'sip:a@b',
    'sip:a@b;tag=1',
    'sip:a@b ;\r\n tag   = 1',
    '"Bell, A." <sip:a@b>;tag=1',
    '"J \\\\\\"" <sip:a@b>',
    '"nul \\\0" <sip:a@b>',
    'token1~` token2\'+_ token3*%!.- <sip:a@b>;x="\xd1\x80";tag=1',
    'caller<sip:a@b>',
    'Bob (sales) / EU <sip:a@b>',
    'J\xf6rg <sip:a@b>',
    "<sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>",
    '<sip:a@b?Route=%3Csip:c%3E>',
    '<http://www.example.com>;tag=1',
    'isbn:2983792873',
    '<sip:a@b>;+sip.instance="<urn:uuid:1>";flag;',
  ])('%j', (value) => {
    expect(end(value)).toBe(value.length);
  });
});

describe('an address ends at a comma', () => {
  test.each([
    ['<sip:a,b@c;x=1,2>;q=1, <sip:d@e>', 21],
    ['"a, b" <sip:c@d> ,x', 17],
    ['sip:a@b,sip:c@d', 7],
    ['sip:a@b;x="1,2",y', 15],
  ])('%j', (value, at) => {
    expect(end(value)).toBe(at);
  });
});

describe('an address is malformed', () => {
  test.each([
    ['empty', ''],
    ['only blanks', '  '],
    ['only parameters', ';tag=1'],
    ['a quote that never ends', '"Mr. J. User <sip:a@b>'],
    ['a quote that ends in an escape', '"a\\" <sip:a@b>'],
    ['a quoted name without brackets', '"A" sip:a@b'],
    ['a bare display name with a comma', 'Bell, Alexander <sip:a@b>'],
    ['a bare display name with quotes in it', 'A "B" <sip:a@b>'],
    ['a bracket that never closes', '<sip:a@b'],
    ['blanks in the URI', '"W" < sip:a@b >'],
    ['a fold in the URI', '<sip:a\r\n @b>'],
    ['no scheme', '<a@b>'],
    ['an empty URI', '<>'],
    ['a URI without content', '<sip:>'],
    ['a bare URI without content', 'sip:;tag=1'],
    ['headers without brackets', 'sip:a@b?Route=%3Csip:c%3E'],
    ['a control character in the URI', '<sip:a\x07@b>'],
    ['a control character in a tag', '<sip:a@b>;tag=a\x00b'],
    ['a control character in the name', 'A\x1b[2J <sip:a@b>'],
    ['something after the brackets', '<sip:a@b> tag=1'],
    ['a second address glued on', '<sip:a@b>;x=<sip:c@d>'],
    ['a quote in a parameter that never ends', '<sip:a@b>;x="1'],
  ])('%s: %j', (_why, value) => {
    expect(end(value)).toBe(-1);
  });
});
