import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { certificateNotices, certificateProblems } from './certificate-files.ts';

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

const weakCertificatePem = `-----BEGIN CERTIFICATE-----
MIICEjCCAXugAwIBAgIUTkFPhrzcwE8WeoMxojMwNOsLbYUwDQYJKoZIhvcNAQEL
BQAwGjEYMBYGA1UEAwwPc2lwLmV4YW1wbGUuY29tMCAXDTI2MTEyMDIyMDk0MFoY
DzIxMjYxMDI3MjIwOTQwWjAaMRgwFgYDVQQDDA9zaXAuZXhhbXBsZS5jb20wgZ8w
DQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBAKqWH0JViTAhG0K6Jy5+riq5vRfSY9mI
s+IuqcTw1Ge4oL8hEepuOZaF8q1BuxXs+ftY6+L0x7K6bUTFzMmyQDbIjEw7nt+F
b0X9ShYfifp0gena9nvdiorzrYWv6zDBG4eQDJFNAdXzhAkgbyiSs78Ai+fMqitF
nN2YJO+lFXjFAgMBAAGjUzBRMB0GA1UdDgQWBBRGb4V4UwhXD4lfCvy6KpYH14tN
yjAfBgNVHSMEGDAWgBRGb4V4UwhXD4lfCvy6KpYH14tNyjAPBgNVHRMBAf8EBTAD
AQH/MA0GCSqGSIb3DQEBCwUAA4GBAA+cqEnHxvtHFmG3t5XVLDCYBgeXkA1+Qwop
vOMwA6ZYS0B/xuffs1PCAsSy2YVhwy0SSTU1ok9cuFI2j/S1tPcfND0KpEHJMFfu
yrRjlYZCzS6IEWj0lyNhk0AUU8jdD2YPLxeI/Uzc3IX3BevwFomSWaA2OOFHbFTs
mT8tAOl/
-----END CERTIFICATE-----`;
const weakKeyPem = `-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAKqWH0JViTAhG0K6
Jy5+riq5vRfSY9mIs+IuqcTw1Ge4oL8hEepuOZaF8q1BuxXs+ftY6+L0x7K6bUTF
zMmyQDbIjEw7nt+Fb0X9ShYfifp0gena9nvdiorzrYWv6zDBG4eQDJFNAdXzhAkg
byiSs78Ai+fMqitFnN2YJO+lFXjFAgMBAAECgYA2/yla0IrnSnUogS2qrsrmGXXe
XUU11/3uuQ6g4OgJ/JtOo5HMG/dTESJZO2zet8UshNGgHTzY4YPi/UZ17JMIz4qN
1QxJM1djN7shOgmbRUuGi1cRNv1bX8iNTf2nomLdmM2zVD0NYrjFQ2EgHjjeIuz3
wvSdKYulfKfX9Qb8oQJBAN2dGA8aqZGmGE67Yf+0UCctFLvrp1b6De91g1aqO87A
a0GbwDjxnbMfKN3w14VasrVUmApZYlDE8jKq+QCSje0CQQDFDiGtcR/9i1TTz2Et
BNdmMiuhqHQIYYWqZ0XXMD3AZTcvDngZThOju0zLIi4eCz8cbDCV23OlOBWOfDjC
73s5AkBeCiWFc0j1d0flUPqa6UcB+M1NmQgfjmiPboxXIFHUwC5DXvZIs665rcVH
uMWb3wrqi4UhDyD7KTelbIvRRF9ZAkEArTk1+6zlTVINOMElkJif7XOPDWXy0mdA
RELSj08WCaowL4qNotkSxKzi3fLnDXwfd5HXx/SJHaVGteGXWC2DaQJAOS8flfBy
juxfRApLoYmUyzDsljDjioyXk9ezKGUKcgEQX8UebLo3LJLQmAw5cp3crp5DQmR0
qtv+Im2zHcHZ4g==
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

/** A certificate as a public authority gives them: its issuer is none that clients have. */
function signedByAnother() {
  const at = (name: string): string => join(folder, name);
  const openssl = (words: string): void => {
    execFileSync('openssl', words.split(' '), { cwd: folder, stdio: 'pipe' });
  };
  const anew = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
  openssl(`req -x509 ${anew} -keyout between.key -out between.pem -subj /CN=between -days 30`);
  openssl(`req ${anew} -keyout leaf.key -out leaf.csr -subj /CN=sip.example.com`);
  openssl('x509 -req -in leaf.csr -CA between.pem -CAkey between.key -out leaf.pem -days 30');
  openssl('x509 -in leaf.pem -outform der -out leaf.der');
  const leaf = readFileSync(at('leaf.pem'), 'utf8');
  const between = readFileSync(at('between.pem'), 'utf8');
  return {
    key: at('leaf.key'),
    alone: at('leaf.pem'),
    between: at('between.pem'),
    binary: at('leaf.der'),
    fullchain: file('fullchain.pem', leaf + between),
    wrongOrder: file('wrong-order.pem', between + leaf),
  };
}

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

  describe('of an authority with another in between', () => {
    const signed = signedByAnother();

    test('with its chain behind it: no problem, and nothing to notice', () => {
      const pair = { ...tls, certificates: [{ certificate: signed.fullchain, key: signed.key }] };
      expect(certificateProblems(pair)).toEqual([]);
      expect(certificateNotices(pair)).toEqual([]);
    });

    test('behind its chain is refused, and what is wrong is said', () => {
      expect(
        certificateProblems({
          ...tls,
          certificates: [{ certificate: signed.wrongOrder, key: signed.key }],
        }),
      ).toEqual([
        {
          path: ['tls', 'certificates', 0, 'certificate'],
          text: `found "${signed.wrongOrder}", where others stand before the certificate of the key, expected the certificate, then its chain`,
        },
      ]);
    });

    test('without its chain is worth a notice, unless who looks is known to have that', () => {
      const pair = { ...tls, certificates: [{ certificate: signed.alone, key: signed.key }] };
      expect(certificateProblems(pair)).toEqual([]);
      expect(certificateNotices(pair)).toEqual([
        `${signed.alone} lacks the certificate of its issuer, CN=between: clients that have not that one will refuse it; ` +
          'name the file with the whole chain (fullchain.pem)',
      ]);
      expect(certificateNotices({ ...pair, authorities: signed.between })).toEqual([]);
    });

    test('in binary is no PEM, and that is what is said', () => {
      const [problem] = certificateProblems({
        ...tls,
        certificates: [{ certificate: signed.binary, key: signed.key }],
      });
      expect(problem?.text).toBe(
        `found "${signed.binary}", which is something else, expected a PEM file with a certificate`,
      );
    });
  });

  test('one that has expired, or is not good yet, is worth a notice', () => {
    const pair = { ...tls, certificates: [{ certificate, key }] };
    expect(certificateNotices(pair, undefined, Date.parse('2027-01-01'))).toEqual([]);
    expect(certificateNotices(pair, undefined, Date.parse('2200-01-01'))).toEqual([
      `${certificate} expired on 2126-10-27: clients will refuse it`,
    ]);
    expect(certificateNotices(pair, undefined, Date.parse('2020-01-01'))).toEqual([
      `${certificate} is good only from 2026-11-20 on: clients will refuse it until then`,
    ]);
  });

  test('one too weak for TLS is refused, with the reason', () => {
    const weak = file('weak.pem', weakCertificatePem);
    const weakKey = file('weak.key', weakKeyPem);
    expect(
      certificateProblems({ ...tls, certificates: [{ certificate: weak, key: weakKey }] }),
    ).toEqual([
      {
        path: ['tls', 'certificates', 0, 'certificate'],
        text:
          `found "${weak}", which TLS refuses: ee key too small, ` +
          'expected RSA of 2048 bits or more, or ECDSA',
      },
    ]);
  });

  test('an authority that is not PEM is refused', () => {
    const [problem] = certificateProblems({ ...tls, authorities: file('notes.txt', 'not PEM') });
    expect(problem).toMatchObject({ path: ['tls', 'authorities'] });
  });
});
