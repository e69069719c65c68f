import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { certificateProblems } from './certificate-files.ts';

// Made for this test only; they guard nothing.
const certificatePem = `-----BEGIN CERTIFICATE-----
MIIBizCCATGgAwIBAgIUegAkAnPb7r/R4ayizNU+QnvzvLwwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPc2lwLmV4YW1wbGUuY29tMCAXDTI2MTEyMDIwNTUzOFoYDzIx
MjYxMDI3MjA1NTM4WjAaMRgwFgYDVQQDDA9zaXAuZXhhbXBsZS5jb20wWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAS38UlhVu/tscwMGu9Nc1uZeL3mOh21Z9pl1tvI
WOqIqZns5G97RktVdpnkFkHB9m4H0NyZ9PvAJ2QCPbG5gP0ko1MwUTAdBgNVHQ4E
FgQUysvgO1SfYFNnbVNyWV1rIXT/bywwHwYDVR0jBBgwFoAUysvgO1SfYFNnbVNy
WV1rIXT/bywwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBezTD8
M+refaIhSPtOVq7gMrWUwWDKhwvI6McaYBX7nAIhAIiav8CSJr1Dg2O79xf/sjxY
6PAN/DezNP8/jPD4ydjW
-----END CERTIFICATE-----`;
const keyPem = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOPBD9I125UdZ/xhv
GFRsML1htsPBrr95cPGpxmq8GPihRANCAAS38UlhVu/tscwMGu9Nc1uZeL3mOh21
Z9pl1tvIWOqIqZns5G97RktVdpnkFkHB9m4H0NyZ9PvAJ2QCPbG5gP0k
-----END PRIVATE KEY-----`;
const otherKeyPem = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfstRSOQP5uqye2Q6
No6M43q8SLAkOwaAn2H857u+L5ihRANCAAQ/EJvfJYBKkvNdk9SzYexpzMvHZ9dY
trhypV0H1JkB0oBq5nax++cOlQUw9wtoFo292dL9eb0rHtL/TLFuecZ8
-----END PRIVATE KEY-----`;

const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const certificate = file('certificate.pem', certificatePem);
const key = file('key.pem', keyPem);
const otherKey = file('other-key.pem', otherKeyPem);
const tls = { certificates: [], warnDaysBeforeExpiry: 21 };

describe('TLS files', () => {
  test('a pair and an authority that are what they should be: no problem', () => {
    expect(
      certificateProblems({
        ...tls,
        certificates: [{ certificate, key }],
        authorities: certificate,
      }),
    ).toEqual([]);
  });

  test('a key of another certificate is refused', () => {
    expect(certificateProblems({ ...tls, certificates: [{ certificate, key: otherKey }] })).toEqual(
      [
        {
          path: ['tls', 'certificates', 0, 'key'],
          text: `found "${otherKey}", the key of another certificate, expected the key of ${certificate}`,
        },
      ],
    );
  });

  test('certificate and key the wrong way round are both named', () => {
    const [first, second] = certificateProblems({
      ...tls,
      certificates: [{ certificate: key, key: certificate }],
    });
    expect(first?.text).toContain('expected a PEM file with a certificate');
    expect(second?.text).toContain('expected a PEM file with a private key');
  });

  test('an authority that is not PEM is refused', () => {
    const [problem] = certificateProblems({ ...tls, authorities: file('notes.txt', 'not PEM') });
    expect(problem).toMatchObject({ path: ['tls', 'authorities'] });
  });
});
