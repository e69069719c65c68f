import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mismatch, showFound } from './problem.ts';
import type { Path } from './schema-keys.ts';
import type { TlsSettings } from './settings.ts';
import { readProblem } from './yaml-file.ts';

interface CertificateProblem {
  readonly path: Path;
  readonly text: string;
}

/** Every TLS file that is named but missing, unreadable, not PEM, or not matching its partner. */
export function certificateProblems(tls: TlsSettings): readonly CertificateProblem[] {
  const problems: CertificateProblem[] = [];
  const attempt = <T>(
    path: Path,
    file: string,
    expected: string,
    make: (pem: Buffer) => T,
  ): T | undefined => {
    let pem: Buffer;
    try {
      pem = readFileSync(file);
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

  for (const [index, pair] of tls.certificates.entries()) {
    const at = ['tls', 'certificates', index];
    const certificate = attempt(
      [...at, 'certificate'],
      pair.certificate,
      'a PEM file with a certificate',
      (pem) => new X509Certificate(pem),
    );
    const key = attempt(
      [...at, 'key'],
      pair.key,
      'a PEM file with a private key without a passphrase',
      createPrivateKey,
    );
    if (certificate && key && !certificate.checkPrivateKey(key)) {
      const found = `${showFound(pair.key)}, the key of another certificate`;
      problems.push({
        path: [...at, 'key'],
        text: mismatch(found, `the key of ${pair.certificate}`),
      });
    }
  }
  if (tls.authorities !== undefined) {
    attempt(
      ['tls', 'authorities'],
      tls.authorities,
      'a PEM file with certificates',
      (pem) => new X509Certificate(pem),
    );
  }
  return problems;
}
