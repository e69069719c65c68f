import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { certificateNames, nameCovers } from './certificate-names.ts';
import { daysToExpiry, readPair } from './certificate-pair.ts';
import { issueCertificate } from './issue-certificate.ts';

const from = new Date('2026-01-02T03:04:05Z');
const to = new Date('2027-01-02T03:04:05Z');
const wish = { commonName: 'gate', names: ['gate.example.com'], notBefore: from, notAfter: to };

describe('issueCertificate', () => {
  test('makes a P-256 certificate that signs for its key, names and dates', () => {
    const issued = issueCertificate({
      ...wish,
      names: ['a.example.com', '192.0.2.1', '2001:db8::1'],
    });
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.subject).toBe('CN=gate');
    expect(certificate.issuer).toBe('CN=gate');
    expect(certificate.ca).toBe(false);
    expect(certificate.validFromDate).toEqual(from);
    expect(certificate.validToDate).toEqual(to);
    expect(certificate.checkHost('a.example.com')).toBe('a.example.com');
    expect(certificate.checkIP('192.0.2.1')).toBe('192.0.2.1');
    expect(certificate.checkIP('2001:db8::1')).toBe('2001:db8::1');
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(certificate.checkPrivateKey(createPrivateKey(issued.key))).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });

  test('lets an authority sign others', () => {
    const authority = issueCertificate({ ...wish, commonName: 'CA', names: [], authority: true });
    const signer = new X509Certificate(authority.certificate);
    const leaf = new X509Certificate(issueCertificate({ ...wish, issuer: authority }).certificate);
    expect(signer.ca).toBe(true);
    expect(leaf.issuer).toBe('CN=CA');
    expect(leaf.verify(signer.publicKey)).toBe(true);
    expect(leaf.checkIssued(signer)).toBe(true);
  });

  test('writes dates beyond 2049, and many names', () => {
    const names = Array.from({ length: 300 }, (_, n) => `host-${n}.example.com`);
    const notAfter = new Date('2060-06-01T00:00:00Z');
    const certificate = new X509Certificate(
      issueCertificate({ ...wish, names, notAfter }).certificate,
    );
    expect(certificate.validToDate).toEqual(notAfter);
    expect(certificateNames(certificate)).toEqual([...names, 'gate']);
  });

  test('never gives two the same serial number', () => {
    const serial = () => new X509Certificate(issueCertificate(wish).certificate).serialNumber;
    expect(serial()).not.toBe(serial());
  });
});

describe('certificateNames', () => {
  const names = (...given: string[]) =>
    certificateNames(new X509Certificate(issueCertificate({ ...wish, names: given }).certificate));

  test('gives host names, addresses, URIs and the common name', () => {
    expect(names('a.example.com', '192.0.2.1', 'sip:1001@example.com')).toEqual([
      'a.example.com',
      '192.0.2.1',
      'sip:1001@example.com',
      'gate',
    ]);
  });

  test('a name made to look like two is one', () => {
    expect(names('a, DNS:pbx.example.com')).toEqual(['a, DNS:pbx.example.com', 'gate']);
  });
});

test.each([
  ['gate.example.com', 'GATE.example.com', true],
  ['*.example.com', 'a.example.com', true],
  ['*.example.com', 'a.b.example.com', false],
  ['*.example.com', 'example.com', false],
  ['*.example.com', '.example.com', false],
  ['gate.example.com', 'other.example.com', false],
])('does %s cover %s? %s', (name, host, covered) => {
  expect(nameCovers(name, host)).toBe(covered);
});

describe('readPair', () => {
  const pair = issueCertificate(wish);

  test('counts the days to its end, below zero once it has ended', () => {
    const read = readPair(pair.certificate, pair.key);
    const day = 86_400_000;
    expect(daysToExpiry(read, to.getTime() - 10 * day)).toBe(10);
    expect(daysToExpiry(read, to.getTime() + 1)).toBe(-1);
  });

  test.each([
    ['another key', pair.certificate, issueCertificate(wish).key, 'not the key of this'],
    ['no certificate', 'text', pair.key, 'certificate file'],
    ['no key', pair.certificate, 'secret text', 'key file'],
  ])('refuses %s, without quoting it', (_what, certificate, key, complaint) => {
    expect(() => readPair(certificate, key)).toThrow(complaint);
    expect(() => readPair(certificate, key)).not.toThrow('secret');
  });
});
