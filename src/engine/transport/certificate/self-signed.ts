import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TransportLog } from '../transport-context.ts';
import { readPair } from './certificate-pair.ts';
import { type IssuedCertificate, issueCertificate } from './issue-certificate.ts';

const DAY_MS = 86_400_000;
const VALID_DAYS = 825;
/** So long before its end a certificate of our own is replaced. */
const RENEW_DAYS = 30;

/** The two files of a pair of our own. */
export interface PairFiles {
  readonly certificate: string;
  readonly key: string;
}

export function selfSignedFiles(dataDirectory: string): PairFiles {
  const directory = join(dataDirectory, 'tls');
  return {
    certificate: join(directory, 'self-signed.pem'),
    key: join(directory, 'self-signed.key'),
  };
}

/**
 * Sees to it that there is a self-signed certificate good for another 30 days, and makes one when not.
 * Where it cannot be written, it is returned and lives as long as the process.
 */
export function ensureSelfSigned(
  files: PairFiles,
  names: readonly string[],
  log: TransportLog,
  now = Date.now(),
): IssuedCertificate | undefined {
  const found = endOf(files);
  if (found !== undefined && found - now > RENEW_DAYS * DAY_MS) return undefined;

  const [commonName = 'localhost'] = names;
  const issued = issueCertificate({
    commonName,
    names,
    notBefore: new Date(now - DAY_MS), // a phone's clock may be slow
    notAfter: new Date(now + VALID_DAYS * DAY_MS),
  });
  const why =
    found === undefined ? 'there was none that can be used' : 'the old one has ended or will soon';
  try {
    mkdirSync(join(files.certificate, '..'), { recursive: true, mode: 0o700 });
    replace(files.key, issued.key, 0o600);
    replace(files.certificate, issued.certificate, 0o644);
  } catch (err) {
    log.warn({ err, file: files.certificate }, 'a self-signed certificate was made, not kept');
    return issued;
  }
  log.info({ file: files.certificate, names, why }, 'a self-signed certificate was made');
  return undefined;
}

/** When the kept certificate ends; undefined when there is none that can be used: a loss of power may have left half a pair. */
function endOf(files: PairFiles): number | undefined {
  try {
    return readPair(readFileSync(files.certificate, 'utf8'), readFileSync(files.key, 'utf8'))
      .endsAt;
  } catch {
    return undefined;
  }
}

function replace(file: string, text: string, mode: number): void {
  const draft = `${file}.new`;
  writeFileSync(draft, text, { mode });
  chmodSync(draft, mode);
  renameSync(draft, file);
}
