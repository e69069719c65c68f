import { describe, expect, test } from 'vitest';
import {
  aProfile,
  aRegistration,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';
import { clientCertificate } from './client-certificate.ts';

const rule = (options: object = {}) =>
  clientCertificate.create(clientCertificate.options.parse(options), someSite());
const shown = (certificateNames: string[], certificateName?: string, toPort = 5061) =>
  aRegistration({
    source: { ...aRegistration().source, transport: 'tls', toPort, certificateNames },
    profile: aProfile({ certificateName }),
  });
const judged = (certificateNames: string[], wanted: string | undefined, options?: object) =>
  rule(options).judge(shown(certificateNames, wanted), noCounts).kind;

describe('client-certificate (R11)', () => {
  test.each([
    ['the very name', ['1001.phones.example.com'], '1001.phones.example.com'],
    ['in any case', ['1001.Phones.Example.COM'], '1001.phones.example.com'],
    ['one name of several', ['MAC 001565', '1001.example.com'], '1001.example.com'],
    ['the extension’s own', ['1001.example.com'], '{extension}.example.com'],
    ['a URI', ['sip:1001@example.com'], 'sip:{extension}@example.com'],
    ['any one label where the operator says so', ['desk-7.example.com'], '*.example.com'],
  ])('passes %s', (_what, names, wanted) => {
    expect(judged(names, wanted)).toBe('pass');
  });
  test.each([
    ['no certificate', [], '1001.example.com'],
    ['another name', ['1002.example.com'], '1001.example.com'],
    ['another extension’s', ['1002.example.com'], '{extension}.example.com'],
    ['a longer name with the same end', ['evil-1001.example.com'], '1001.example.com'],
    ['two labels for one', ['a.b.example.com'], '*.example.com'],
    ['no label for one', ['example.com'], '*.example.com'],
    ['an empty label for one', ['.example.com'], '*.example.com'],
    ['a wildcard in the certificate (RFC 5922 §7.2)', ['*.example.com'], '1001.example.com'],
    ['nor where the operator has one', ['*.example.com'], '*.example.com'],
  ])('refuses %s', (_what, names, wanted) => {
    expect(judged(names, wanted)).toBe('challenge');
  });
  test('needs none where nobody asks for one', () => {
    expect(judged([], undefined)).toBe('pass');
  });
  test('needs one, whatever its name, on a port that the operator names', () => {
    const ports = [5061];
    expect(judged([], undefined, { ports })).toBe('challenge');
    expect(judged(['anything'], undefined, { ports })).toBe('pass');
    expect(rule({ ports }).judge(shown([], undefined, 5071), noCounts).kind).toBe('pass');
  });
  test('explains by the names shown and the one wanted', () => {
    expect(rule().explain(shown(['a', 'b'], '{extension}.x'), noCounts)).toMatchObject({
      saw: 'a b, wanted 1001.x',
    });
    expect(rule({ ports: [5061] }).explain(shown([]), noCounts)).toEqual({
      saw: 'no client certificate, needed on port 5061',
      setting: ['registration', 'client-certificate', 'ports'],
      flip: 'any verified client certificate',
    });
  });
});
