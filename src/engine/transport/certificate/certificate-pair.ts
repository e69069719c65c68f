import { createPrivateKey, X509Certificate } from 'node:crypto';
import { certificateNames } from './certificate-names.ts';

const DAY_MS = 86_400_000;

/** A certificate that goes with its key, as PEM, and what is needed of it. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
  readonly names: readonly string[];
  readonly endsAt: number;
}

/** Reads a pair; throws what is wrong, without ever quoting the key. */
export function readPair(certificate: string, key: string): CertificatePair {
  const leaf = attempt('the certificate file is not a PEM certificate', () => {
    return new X509Certificate(certificate);
  });
  const privateKey = attempt('the key file is not a PEM private key without a passphrase', () => {
    return createPrivateKey(key);
  });
  if (!leaf.checkPrivateKey(privateKey))
    throw new Error('the key is not the key of this certificate');
  return {
    certificate,
    key,
    names: certificateNames(leaf),
    endsAt: leaf.validToDate.getTime(),
  };
}

/** Whole days until it ends, negative once it has. */
export function daysToExpiry(pair: CertificatePair, now = Date.now()): number {
  return Math.floor((pair.endsAt - now) / DAY_MS);
}

function attempt<Found>(complaint: string, read: () => Found): Found {
  try {
    return read();
  } catch {
    throw new Error(complaint); // the cause is left out: it can hold parts of a key
  }
}
