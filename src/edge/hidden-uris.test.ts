import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseUri } from '../sip/message/uri.ts';
import { createHiddenUris } from './hidden-uris.ts';

const key = Buffer.alloc(32, 1);
const uris = () => createHiddenUris(key);
const own = '203.0.113.1:5061;transport=tls';

describe.each([
  ['a user and a port', 'sip:asterisk@10.0.0.1:5080', 'sip:asterisk@'],
  ['no user', 'sip:10.0.0.1', 'sip:'],
  ['parameters', 'sip:1002@10.0.0.1:5060;transport=tcp;x-y=z', 'sip:1002@'],
  ['IPv6', 'sip:1002@[2001:db8::1]:5060', 'sip:1002@'],
  ['a name', 'SIP:1002@pbx.inside.test', 'SIP:1002@'],
  ['sips', 'sips:1002@10.0.0.1', 'sips:1002@'],
  ['a password and escapes', 'sip:10%4002:secret;phone-context=x@10.0.0.1', 'sip:10%4002:secret;'],
])('a URI with %s', (_what, uri, front) => {
  const place = uri.slice(uri.indexOf('@') + 1);

  test('is hidden behind ours, but for its user, and found again, also after a restart', () => {
    const hidden = uris().hide(uri, own);
    expect(hidden.startsWith(front)).toBe(true);
    expect(hidden).toMatch(/203\.0\.113\.1:5061;transport=tls;hop=[\w-]{20,}$/);
    expect(hidden).not.toContain(place);
    expect(Buffer.from(/hop=(.*)/.exec(hidden)?.[1] ?? '', 'base64url').toString()).not.toContain(
      '10.0.0.1',
    );
    expect(parseUri(hidden)?.host).toBe('203.0.113.1');
    expect(createHiddenUris(Buffer.from(key)).behind(hidden)).toBe(uri);
  });

  test('looks the same each time', () => {
    const { hide } = uris();
    expect(hide(uri, own)).toBe(hide(uri, own));
    expect(uris().hide(uri, own)).toBe(hide(uri, own));
  });
});

test('headers of the URI stay where they can be read and added to', () => {
  const { hide, behind } = uris();
  const hidden = hide('sip:1003@10.0.0.1?Subject=x', own);
  expect(hidden).toMatch(/;hop=[\w-]+\?Subject=x$/);
  expect(behind(hidden)).toBe('sip:1003@10.0.0.1?Subject=x');
  // as a phone makes its Refer-To of a Contact
  expect(behind(`${hide('sip:1003@10.0.0.1', own)}?Replaces=a%3Bto-tag%3D1`)).toBe(
    'sip:1003@10.0.0.1?Replaces=a%3Bto-tag%3D1',
  );
});

test('what a phone changes around it does not matter: order, host, user, further parameters', () => {
  const { hide, behind } = uris();
  const hop = /;hop=[^;]*/.exec(hide('sip:1003@10.0.0.1:5080', own))?.[0];
  expect(behind(`sip:1004@gate.test${hop};ob`)).toBe('sip:1004@10.0.0.1:5080');
});

test.each(['sip:1002@10.0.0.1:5080', 'sips:1002@10.0.0.1', 'SIP:10.0.0.1'])(
  'by sips it is ours where that is asked for, and the true one is as the PBX wrote it: %s',
  (uri) => {
    const hidden = uris().hide(uri, 'sips:203.0.113.1:5061');
    expect(hidden).toMatch(/^sips:(1002@)?203\.0\.113\.1:5061;hop=[\w-]+$/);
    expect(uris().behind(hidden)).toBe(uri.replace('SIP', 'sip'));
  },
);

test('what is no SIP URI stays as it is', () => {
  for (const uri of ['tel:+4930', 'https://a.test', '*', ''])
    expect(uris().hide(uri, own)).toBe(uri);
});

test('what is longer than any name of a PBX is neither hidden nor opened', () => {
  const long = `sip:1003@${'a'.repeat(600)}.test`;
  expect(uris().hide(long, own)).toBe(long);
  const longest = `sip:1003@${'a'.repeat(490)}.test`;
  expect(uris().behind(uris().hide(longest, own))).toBe(longest);
});

describe('is nothing of ours', () => {
  test.each(['sip:a@b', 'sip:a@b;hop=', 'sip:a@b;hop=AAAA', 'sip:a;hop=AAAA@b', 'tel:1;hop=AAAA'])(
    '%j',
    (uri) => {
      expect(uris().behind(uri)).toBeUndefined();
    },
  );

  test.each(['~~~~', '=', '.'])('one of ours with %j added, and nobody is given that', (added) => {
    const hidden = uris().hide('sip:1002@10.0.0.1', own);
    const { hide, behind } = uris();
    expect(behind(`${hidden}${added}`)).toBeUndefined();
    expect(hide('sip:1002@10.0.0.1', own)).toBe(hidden);
  });

  test('one made with another key', () => {
    const hidden = createHiddenUris(Buffer.alloc(32, 2)).hide('sip:10.0.0.1', own);
    expect(uris().behind(hidden)).toBeUndefined();
  });

  test('one with any one bit changed', () => {
    const { hide, behind } = uris();
    const hidden = hide('sip:10.0.0.1:5080', own);
    const at = hidden.indexOf(';hop=') + 5;
    const bytes = Buffer.from(hidden.slice(at), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(behind(hidden.slice(0, at) + changed.toString('base64url'))).toBeUndefined();
    }
  });

  test('whatever somebody makes up', () => {
    const { behind } = uris();
    fc.assert(
      fc.property(fc.string(), fc.base64String(), (text, token) => {
        expect(behind(`sip:a@b;hop=${token}`)).toBeUndefined();
        expect(behind(`${text};hop=${text}`)).toBeUndefined();
      }),
    );
  });
});
