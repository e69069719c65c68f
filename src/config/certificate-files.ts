import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates } from 'node:tls';
import { dayOf } from './day-of.ts';
import { readPlainFile } from './plain-file.ts';
import { mismatch, showFound } from './problem.ts';
import { reasonOf } from './reason-of.ts';
import type { Path } from './schema-keys.ts';
import type {
  ClusterSettings,
  DrachtioSettings,
  ProgramPortSettings,
  TlsSettings,
} from './settings.ts';
import { readProblem } from './yaml-file.ts';

interface CertificateProblem {
  readonly path: Path;
  readonly text: string;
}

/** Every TLS file that is named but missing, unreadable, not PEM, or not matching its partner. */
export function certificateProblems(
  tls: TlsSettings,
  programPort?: ProgramPortSettings,
  drachtio?: DrachtioSettings,
  cluster?: ClusterSettings,
): readonly CertificateProblem[] {
  const problems: CertificateProblem[] = [];
  const attempt = <T>(
    path: Path,
    file: string,
    expected: string,
    make: (pem: Buffer) => T,
  ): T | undefined => {
    let pem: Buffer;
    try {
      pem = readPlainFile(file);
    } catch (error) {
      problems.push({ path, text: `${showFound(file)} ${readProblem(error)}` });
      return undefined;
    }
    try {
      return make(pem);
    } catch {
      // The reason is left out: it can hold parts of the file, and one file here is a private key.
      problems.push({
        path,
        text: mismatch(`${showFound(file)}, which is something else`, expected),
      });
      return undefined;
    }
  };

  for (const { pair, at } of pairsOf(tls, programPort)) {
    const chain = attempt(
      [...at, 'certificate'],
      pair.certificate,
      'a PEM file with a certificate',
      certificatesOf,
    );
    const key = attempt(
      [...at, 'key'],
      pair.key,
      'a PEM file with a private key without a passphrase',
      createPrivateKey,
    );
    if (!chain || !key) continue;
    const place = chain.findIndex((one) => one.checkPrivateKey(key));
    if (place > 0) {
      const found = `${showFound(pair.certificate)}, where others stand before the certificate of the key`;
      problems.push({
        path: [...at, 'certificate'],
        text: mismatch(found, 'the certificate, then its chain'),
      });
    } else if (place < 0) {
      const found = `${showFound(pair.key)}, the key of another certificate`;
      problems.push({
        path: [...at, 'key'],
        text: mismatch(found, `the key of ${pair.certificate}`),
      });
    } else {
      const refused = whyTlsRefuses(pair);
      if (refused !== undefined) {
        problems.push({
          path: [...at, 'certificate'],
          text: mismatch(
            `${showFound(pair.certificate)}, which TLS refuses: ${refused}`,
            'RSA of 2048 bits or more, or ECDSA',
          ),
        });
      }
    }
  }
  for (const [key, { authorities }] of [
    ['tls', tls],
    ['drachtio.tls', drachtio?.tls ?? {}],
    ['cluster.redis', cluster?.redis ?? {}],
  ] as const) {
    if (authorities === undefined) continue;
    attempt(
      [...key.split('.'), 'authorities'],
      authorities,
      'a PEM file with certificates',
      certificatesOf,
    );
  }
  return problems;
}

/** All of a PEM file, in their order; throws where there is none. */
function certificatesOf(pem: Buffer): readonly [X509Certificate, ...X509Certificate[]] {
  const [first, ...rest] = [
    ...pem.toString('latin1').matchAll(/-----BEGIN [\w ]*CERTIFICATE-----.+?-----END [^-]+-----/gs),
  ].map(([text]) => new X509Certificate(text));
  if (first === undefined) throw new Error('no certificate');
  return [first, ...rest];
}

interface PlacedPair {
  readonly pair: { readonly certificate: string; readonly key: string };
  readonly at: Path;
}

function pairsOf(tls: TlsSettings, programPort?: ProgramPortSettings): readonly PlacedPair[] {
  const { certificate, key } = programPort?.tls ?? {};
  const at = ['programPort', 'tls'];
  return [
    ...tls.certificates.map((pair, index) => ({ pair, at: ['tls', 'certificates', index] })),
    ...(certificate && key ? [{ pair: { certificate, key }, at }] : []),
  ];
}

/** Sound files can still be too weak for the TLS library, as a key of 1024 bits is. */
function whyTlsRefuses(pair: { certificate: string; key: string }): string | undefined {
  try {
    createSecureContext({ cert: readFileSync(pair.certificate), key: readFileSync(pair.key) });
    return undefined;
  } catch (error) {
    // OpenSSL's own words, such as "ee key too small", stand last.
    return reasonOf(error).split(':').at(-1);
  }
}

/** Worth saying, though the gate serves with it: what has expired, what is not yet good, what comes without its chain. */
export function certificateNotices(
  tls: TlsSettings,
  programPort?: ProgramPortSettings,
  now = Date.now(),
): readonly string[] {
  return pairsOf(tls, programPort).flatMap(({ pair: { certificate: file } }) => {
    const chain = certificatesOf(readFileSync(file));
    const { validFromDate, validToDate } = chain[0];
    if (validToDate.getTime() < now) {
      return [`${file} expired on ${dayOf(validToDate.getTime())}: clients will refuse it`];
    }
    if (validFromDate.getTime() > now) {
      return [
        `${file} is good only from ${dayOf(validFromDate.getTime())} on: clients will refuse it until then`,
      ];
    }
    if (!lacksIssuer(chain, tls.authorities)) return [];
    const issuer = chain[0].issuer.split('\n').join(', ');
    return [
      `${file} lacks the certificate of its issuer, ${issuer}: clients that have not that one will refuse it; ` +
        'name the file with the whole chain (fullchain.pem)',
    ];
  });
}

/** Is the issuer neither in the file, nor an authority that clients have, nor one of the site's own? */
function lacksIssuer(
  [leaf, ...others]: ReturnType<typeof certificatesOf>,
  authorities: string | undefined,
): boolean {
  const issued = (by: X509Certificate): boolean => leaf.checkIssued(by);
  if (issued(leaf) || others.some(issued)) return false;
  if (authorities !== undefined && certificatesOf(readFileSync(authorities)).some(issued))
    return false;
  return !rootCertificates.some((pem) => issued(new X509Certificate(pem)));
}
