import { describe, expect, test } from 'vitest';
import { Header, type HeaderId, headerId, identifyHeader } from './header-name.ts';

const identify = (name: string): HeaderId => identifyHeader(`x${name}:`, 1, 1 + name.length);

describe('a header is known', () => {
  test.each([
    ['Via', Header.via],
    ['v', Header.via],
    ['CALL-id', Header.callId],
    ['I', Header.callId],
    ['l', Header.contentLength],
    ['Content-Length', Header.contentLength],
    ['MaX-fOrWaRdS', Header.maxForwards],
    ['m', Header.contact],
    ['b', Header.referredBy],
    ['Proxy-Authenticate', Header.proxyAuthenticate],
  ])('as %j', (name, id) => {
    expect(identify(name)).toBe(id);
  });

  test.each(['', 'X', 'Vi', 'Vias', 'Call_ID', 'C%6Fntact', 'To ', 'x'.repeat(100)])(
    'never as %j',
    (name) => {
      expect(identify(name)).toBe(name === 'X' ? Header.sessionExpires : Header.other);
    },
  );
});

test('our own names for headers are found in any case, and others are other', () => {
  expect(headerId('record-route')).toBe(Header.recordRoute);
  expect(headerId('p-asserted-identity')).toBe(Header.pAssertedIdentity);
  expect(headerId('P-Charging-Vector')).toBe(Header.other);
});

test('every number is used once', () => {
  const ids = Object.values(Header);
  expect(new Set(ids).size).toBe(ids.length);
});
