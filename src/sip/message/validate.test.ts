import { describe, expect, test } from 'vitest';
import {
  aRequest,
  aResponse,
  type MessageParts,
  requestText,
} from '../../../test/support/a-message.ts';
import { readMessage } from './read-message.ts';
import { isSoundResponse, refusalOf } from './validate.ts';

describe('a request passes', () => {
  test.each<[string, MessageParts]>([
    ['when it is ordinary', {}],
    ['without Max-Forwards', { headers: { 'Max-Forwards': undefined } }],
    ['with Max-Forwards 1 and 255', { headers: { 'Max-Forwards': '1' } }],
    ['with no hop left, when it asks us', { method: 'OPTIONS', headers: { 'Max-Forwards': '0' } }],
    ['with the largest Max-Forwards', { headers: { 'Max-Forwards': '255' } }],
    ['without Contact', { headers: { Contact: undefined } }],
    ['with a method nobody has heard of', { method: "!odd-Method.%*_+`'~" }],
    ['with the largest CSeq but one', { headers: { CSeq: '2147483646 INVITE' } }],
    ['with the smallest CSeq', { headers: { CSeq: '0 INVITE' } }],
    ['from an RFC 2543 client', { headers: { Via: 'SIP/2.0/UDP a', From: 'sip:a@b' } }],
    ['with an unknown transport in Via', { headers: { Via: 'SIP/2.0/X a;branch=z9hG4bK1' } }],
    ['with a base64 branch', { headers: { Via: 'SIP/2.0/UDP a;branch=z9hG4bK+/a==' } }],
    ['to a telephone number', { uri: 'tel:+15551234;phone-context=example.com' }],
    ['to an emergency service', { uri: 'urn:service:sos.police' }],
    ['to an IPv6 host', { uri: 'sip:[2001:db8::1]:5060;transport=tcp' }],
    ['with ? in the user part of the Request-URI', { uri: 'sip:a?b@c' }],
    ['with SIP spelt small', { startLine: 'INVITE sip:a@b sip/2.0' }],
    ['with several Contacts', { headers: { Contact: ['<sip:a@b>, "c, d" <sip:e@f>', 'sip:g@h'] } }],
    [
      'with Contact: * in a REGISTER',
      { method: 'REGISTER', headers: { Contact: '*', Expires: '0' } },
    ],
    ['with the largest Expires', { headers: { Expires: '4294967295' } }],
    ['with an empty Proxy-Require', { headers: { 'Proxy-Require': '' } }],
    ['that asks for privacy', { headers: { Privacy: 'id', 'Proxy-Require': 'Privacy' } }],
    ['with Require, which is for the other end', { headers: { Require: '100rel, nobody-knows' } }],
    ['with Proxy-Require in a CANCEL', { method: 'CANCEL', headers: { 'Proxy-Require': 'x' } }],
    ['with other schemes in From and To', { headers: { To: 'isbn:1', From: '<http://a>;tag=1' } }],
    ['with UTF-8 in a bare display name', { headers: { From: 'J\xc3\xb6rg <sip:a@b>;tag=1' } }],
    ['with unknown headers of any content', { headers: { 'X-Odd': ';;,,;;\x01"' } }],
    [
      'with credentials for several realms',
      { headers: { Authorization: ['Digest a', 'Digest b'] } },
    ],
  ])('%s', (_why, parts) => {
    expect(refusalOf(aRequest(parts))).toBeUndefined();
  });
});

describe('a request is refused', () => {
  const long = 'x'.repeat(5000);
  test.each<[string, MessageParts, number, string]>([
    ['of another SIP', { startLine: 'INVITE sip:a@b SIP/7.0' }, 505, 'version'],
    ['with a method that is no token', { method: 'INV(ITE' }, 400, 'method'],
    ['with an escape sequence as method', { method: 'INV\x1bITE' }, 400, 'method'],
    ['with INVITE in small letters, which is one to Asterisk', { method: 'invite' }, 400, 'method'],
    ['with REFER in mixed letters', { method: 'Refer' }, 400, 'method'],
    [
      'with the largest CSeq, which is ours',
      { headers: { CSeq: '2147483647 INVITE' } },
      400,
      'cseq',
    ],
    [
      'with endless Proxy-Require',
      { headers: { 'Proxy-Require': 'a,'.repeat(2100) } },
      400,
      'too-long',
    ],
    ['with brackets around the Request-URI', { uri: '<sip:a@b>' }, 400, 'request-uri'],
    ['with blanks in the Request-URI', { uri: 'sip:a@b; lr' }, 400, 'request-uri'],
    ['with blanks around the Request-URI', { uri: ' sip:a@b ' }, 400, 'request-uri'],
    ['with a broken sip URI', { uri: 'sip:a@' }, 400, 'request-uri'],
    ['with a control character in the Request-URI', { uri: 'sip:a\x01@b' }, 400, 'request-uri'],
    ['without a scheme in the Request-URI', { uri: '1002' }, 400, 'request-uri'],
    ['with an empty telephone number', { uri: 'tel:' }, 400, 'request-uri'],
    ['with a telephone number and blanks', { uri: 'tel:+1 555' }, 400, 'request-uri'],
    ['with headers in the Request-URI', { uri: 'sip:a@b?Route=c' }, 400, 'request-uri-headers'],
    ['to a scheme we do not know', { uri: 'nobodyKnows:opaque' }, 416, 'uri-scheme'],
    ['to another urn', { uri: 'urn:uuid:1' }, 416, 'uri-scheme'],
    ['with an endless Request-URI', { uri: `sip:${long}@b` }, 414, 'too-long'],
    ['without Via', { headers: { Via: undefined } }, 400, 'missing-header'],
    ['without From', { headers: { From: undefined } }, 400, 'missing-header'],
    ['without To', { headers: { To: undefined } }, 400, 'missing-header'],
    ['without Call-ID', { headers: { 'Call-ID': undefined } }, 400, 'missing-header'],
    ['without CSeq', { headers: { CSeq: undefined } }, 400, 'missing-header'],
    ['with two Call-IDs', { headers: { 'Call-ID': '1\r\ni: 2' } }, 400, 'repeated-header'],
    ['with two From', { headers: { From: '<sip:a@b>\r\nf: <sip:c@d>' } }, 400, 'repeated-header'],
    ['with two To', { headers: { To: ['<sip:a@b>', '<sip:c@d>'] } }, 400, 'repeated-header'],
    [
      'with two equal CSeqs',
      { headers: { CSeq: ['1 INVITE', '1 INVITE'] } },
      400,
      'repeated-header',
    ],
    ['with two Max-Forwards', { headers: { 'Max-Forwards': ['70', '5'] } }, 400, 'repeated-header'],
    [
      'with two equal Content-Lengths',
      { headers: { 'Content-Length': ['0', '0'] } },
      400,
      'repeated-header',
    ],
    [
      'with two Content-Types',
      { headers: { c: 'a/b\r\nContent-Type: c/d' } },
      400,
      'repeated-header',
    ],
    ['with two Expires', { headers: { Expires: ['1', '2'] } }, 400, 'repeated-header'],
    ['with two Refer-To', { headers: { r: ['<sip:a@b>', '<sip:c@d>'] } }, 400, 'repeated-header'],
    ['with two From in one', { headers: { From: '<sip:a@b>, <sip:c@d>' } }, 400, 'address'],
    ['with a quote in To that never ends', { headers: { To: '"Mr. J <sip:a@b>' } }, 400, 'address'],
    ['with a comma in a bare name', { headers: { From: 'Bell, A <sip:a@b>' } }, 400, 'address'],
    ['with blanks in the URI of To', { headers: { To: '"W" < sip:a@b >' } }, 400, 'address'],
    [
      'with Contact headers without brackets',
      { headers: { Contact: 'sip:a@b?c=d' } },
      400,
      'address',
    ],
    [
      'with one bad Contact among good ones',
      { headers: { Contact: ['<sip:a@b>', '<a'] } },
      400,
      'address',
    ],
    ['with Contact: * in an INVITE', { headers: { Contact: '*' } }, 400, 'address'],
    ['with a Route that never ends', { headers: { Route: '<sip:a;lr' } }, 400, 'address'],
    [
      'with a control character in a tag',
      { headers: { From: '<sip:a@b>;tag=\x07' } },
      400,
      'address',
    ],
    ['with an endless From', { headers: { From: `<sip:${long}@b>` } }, 400, 'address'],
    ['with an empty Call-ID', { headers: { 'Call-ID': '' } }, 400, 'call-id'],
    ['with blanks in Call-ID', { headers: { 'Call-ID': 'a b' } }, 400, 'call-id'],
    ['with a control character in Call-ID', { headers: { 'Call-ID': 'a\x01' } }, 400, 'call-id'],
    [
      'with a Record-Route bomb',
      { headers: { 'Record-Route': Array<string>(400).fill('<sip:a.example.org;lr>') } },
      400,
      'too-long',
    ],
    [
      'with a Record-Route bomb in one line',
      { headers: { 'Record-Route': 'a,'.repeat(5000) } },
      400,
      'too-long',
    ],
    [
      'with an endless Refer-To',
      { headers: { 'Refer-To': `<sip:a@b?Replaces=${long}>` } },
      400,
      'too-long',
    ],
    ['with an endless Call-ID', { headers: { 'Call-ID': long } }, 400, 'too-long'],
    ['with words for CSeq', { headers: { CSeq: 'one INVITE' } }, 400, 'cseq'],
    ['with a CSeq out of range', { headers: { CSeq: '2147483648 INVITE' } }, 400, 'cseq'],
    ['with the CSeq of another method', { headers: { CSeq: '1 BYE' } }, 400, 'cseq-method'],
    ['with the CSeq method in another case', { headers: { CSeq: '1 Invite' } }, 400, 'cseq-method'],
    ['with Max-Forwards 256', { headers: { 'Max-Forwards': '256' } }, 400, 'max-forwards'],
    ['with Max-Forwards -1', { headers: { 'Max-Forwards': '-1' } }, 400, 'max-forwards'],
    ['with an empty Max-Forwards', { headers: { 'Max-Forwards': '' } }, 400, 'max-forwards'],
    ['with no hop left', { headers: { 'Max-Forwards': '0' } }, 483, 'too-many-hops'],
    [
      'with no hop left in a dialog',
      { method: 'OPTIONS', headers: { 'Max-Forwards': '0', To: '<sip:b@c>;tag=2' } },
      483,
      'too-many-hops',
    ],
    [
      'with an Expires that no counter holds',
      { headers: { Expires: '9'.repeat(90) } },
      400,
      'expires',
    ],
    ['with words for Expires', { headers: { Expires: 'never' } }, 400, 'expires'],
    ['with a broken Via', { headers: { Via: 'SIP/2.0/UDP 192.0.2.15;;,;,,' } }, 400, 'via'],
    ['with Via of another version', { headers: { Via: 'SIP/3.0/UDP a' } }, 400, 'via'],
    [
      'by way of everybody',
      { headers: { Via: ['SIP/2.0/UDP a', 'SIP/2.0/UDP b;received=255.255.255.255'] } },
      400,
      'via',
    ],
    ['from everybody', { headers: { Via: 'SIP/2.0/UDP 255.255.255.255' } }, 400, 'via'],
    ['with the bare cookie', { headers: { Via: 'SIP/2.0/UDP a;branch=z9hG4bK' } }, 400, 'branch'],
    [
      'with a control character in the branch',
      { headers: { Via: 'SIP/2.0/UDP a;branch=a\x01' } },
      400,
      'branch',
    ],
    [
      'with an endless branch',
      { headers: { Via: `SIP/2.0/UDP a;branch=${long}` } },
      400,
      'too-long',
    ],
    [
      'with a Via bomb',
      { headers: { Via: Array<string>(101).fill('SIP/2.0/UDP a') } },
      400,
      'too-long',
    ],
    [
      'with a Contact bomb',
      { headers: { Contact: Array<string>(65).fill('<sip:a@b>').join() } },
      400,
      'too-long',
    ],
  ])('%s', (_why, parts, status, problem) => {
    expect(refusalOf(aRequest(parts))).toMatchObject({ status, problem });
  });

  test('for what was wrong with its lines', () => {
    const message = readMessage('INVITE sip:a@b SIP/2.0 \r\n\r\n');
    expect(message && refusalOf(message)).toMatchObject({ status: 400, problem: 'start-line' });
  });

  test('for every extension it asks of a proxy, and these are named', () => {
    const asked = ['foo, privacy, bar', 'baz'];
    const refusal = refusalOf(aRequest({ headers: { 'Proxy-Require': asked } }));
    expect(refusal).toMatchObject({
      status: 420,
      problem: 'extension',
      headers: [{ name: 'Unsupported', value: 'foo, bar, baz' }],
    });
  });

  test('without echoing what is no option tag, or more than a few', () => {
    const asked = ['<script>', 'a b', 'x'.repeat(100), ...Array<string>(50).fill('tag')];
    const refusal = refusalOf(aRequest({ headers: { 'Proxy-Require': asked.join(', ') } }));
    expect(refusal?.headers).toEqual([
      { name: 'Unsupported', value: Array(13).fill('tag').join(', ') },
    ]);
    expect(refusalOf(aRequest({ headers: { 'Proxy-Require': '<x>' } }))).not.toHaveProperty(
      'headers',
    );
  });

  test('with a reason that is one line and nothing of its own', () => {
    const refusal = refusalOf(aRequest({ headers: { 'Call-ID': undefined } }));
    expect(refusal?.reason).toBe('Bad Request (Call-ID missing)');
  });
});

const aCrowd = (method: string): MessageParts => ({
  headers: { CSeq: `1 ${method}`, Contact: Array<string>(500).fill('<sip:1001@192.0.2.1>') },
});

describe('a response is sound', () => {
  test.each<[string, MessageParts]>([
    ['when it is ordinary', {}],
    ['with an empty reason', { startLine: 'SIP/2.0 100 ' }],
    ['with any status there may be', { startLine: 'SIP/2.0 699 Odd' }],
    ['with a retry and warning nobody can read', { headers: { 'Retry-After': '9'.repeat(30) } }],
    ['with all that are registered', aCrowd('REGISTER')],
  ])('%s', (_why, parts) => {
    expect(isSoundResponse(aResponse(parts))).toBe(true);
  });
});

describe('a response is not sound', () => {
  test.each<[string, MessageParts]>([
    ['with a status below 100', { startLine: 'SIP/2.0 099 Odd' }],
    ['with a status above 699', { startLine: 'SIP/2.0 700 Odd' }],
    ['with a status no counter holds', { startLine: 'SIP/2.0 4294967301 Odd' }],
    ['of another SIP', { startLine: 'SIP/3.0 200 OK' }],
    ['without Via', { headers: { Via: undefined } }],
    ['without CSeq', { headers: { CSeq: undefined } }],
    ['without Call-ID', { headers: { 'Call-ID': undefined } }],
    ['without From', { headers: { From: undefined } }],
    ['without To', { headers: { To: undefined } }],
    ['with two To', { headers: { To: ['<sip:a@b>', '<sip:c@d>'] } }],
    ['with a To that never ends', { headers: { To: '"a <sip:a@b>' } }],
    ['with a CSeq out of range', { headers: { CSeq: '9292394834772304023312 OPTIONS' } }],
    ['with a broken Via', { headers: { Via: 'SIP/2.0/UDP' } }],
    ['to everybody', { headers: { Via: ['SIP/2.0/UDP a', 'SIP/2.0/UDP 255.255.255.255'] } }],
    ['with a Via bomb', { headers: { Via: Array<string>(102).fill('SIP/2.0/UDP a') } }],
    ['with a Record-Route bomb', { headers: { 'Record-Route': 'a,'.repeat(9000) } }],
    ['with more Contacts than anybody forwards an INVITE to', aCrowd('INVITE')],
    ['with a body cut short', { headers: { 'Content-Length': '10' } }],
  ])('%s', (_why, parts) => {
    expect(isSoundResponse(aResponse(parts))).toBe(false);
  });
});

describe('a tag', () => {
  test.each([
    ['twice', '<sip:a@b>;tag=1;tag=2'],
    ['twice, the second empty: to some stacks that is no tag', '<sip:a@b>;tag=1;tag='],
    ['empty', '<sip:a@b>;tag='],
    ['without a value', '<sip:a@b>;tag'],
    ['quoted', '<sip:a@b>;tag="1"'],
    ['twice, in other letters and with blanks', '<sip:a@b>;x=y; Tag = 1 ; TAG=2'],
  ])('%s is refused: what one stack takes for a call another takes for a new one', (_how, To) => {
    expect(refusalOf(aRequest({ headers: { To } }))?.status).toBe(400);
  });
  test.each(['<sip:a@b>;tag=1', '<sip:a@b>', '<sip:a@b>;x=1;tag=1;y=2', 'sip:a@b;tag=1'])(
    'as in %j passes',
    (To) => {
      expect(refusalOf(aRequest({ headers: { To } }))).toBeUndefined();
    },
  );
});

describe('a request that passes can be answered by a sound response', () => {
  const atTheLimit: readonly MessageParts[] = [
    {},
    { headers: { Via: Array<string>(70).fill('SIP/2.0/UDP a;branch=z9hG4bK1') } },
    { headers: { To: `<sip:${'x'.repeat(4088)}>` } },
    { headers: { CSeq: '2147483646 INVITE', 'Call-ID': 'x'.repeat(512) } },
  ];
  test.each(atTheLimit)('even at the limits of what passes: $headers', (parts) => {
    const wire = requestText(parts);
    expect(refusalOf(aRequest(parts))).toBeUndefined();
    const ours = `SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP gate;branch=z9hG4bKours\r\n`;
    const head = wire.slice(wire.indexOf('\r\n') + 2);
    const response = readMessage(ours + head.replace(/^(To: .*)\r$/m, '$1;tag=0123456789\r'));
    expect(response && isSoundResponse(response)).toBe(true);
  });
});
