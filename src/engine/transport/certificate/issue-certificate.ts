import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';
import { packAddress } from '../../../edge/packed-address.ts';
import {
  bitString,
  der,
  explicit,
  integer,
  objectId,
  octetString,
  sequence,
  set,
  time,
  utf8,
  yes,
} from './der.ts';

/** A certificate and its key, both PEM. */
export interface IssuedCertificate {
  readonly commonName: string;
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateWish {
  readonly commonName: string;
  /** Host names, IP addresses and `sip:` URIs it is valid for. */
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** May it sign others? */
  readonly authority?: boolean;
  /** Who signs it; itself when not given. */
  readonly issuer?: IssuedCertificate;
}

const ECDSA_WITH_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'));

/** Makes a P-256 key and an X.509 v3 certificate for it (RFC 5280): Node can read certificates but not write them. */
export function issueCertificate(wish: CertificateWish): IssuedCertificate {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' });
  const signingKey = wish.issuer ? createPrivateKey(wish.issuer.key) : pair.privateKey;
  const signerKey = createPublicKey(signingKey).export({ type: 'spki', format: 'der' });

  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    ECDSA_WITH_SHA256,
    nameOf(wish.issuer?.commonName ?? wish.commonName),
    sequence(time(wish.notBefore), time(wish.notAfter)),
    nameOf(wish.commonName),
    publicKey,
    explicit(3, sequence(...extensions(wish, publicKey, signerKey))),
  );
  const signature = sign('sha256', toBeSigned, signingKey);
  return {
    commonName: wish.commonName,
    certificate: pem(sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(signature))),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function extensions(wish: CertificateWish, publicKey: Buffer, signerKey: Buffer): Buffer[] {
  const authority = wish.authority ?? false;
  const keyUsage = authority
    ? bitString(Buffer.from([0b10000110]), 1) // digitalSignature, keyCertSign, cRLSign
    : bitString(Buffer.from([0b10000000]), 7); // digitalSignature
  const found = [
    extension('2.5.29.19', sequence(...(authority ? [yes] : [])), true),
    extension('2.5.29.15', keyUsage, true),
    extension('2.5.29.14', octetString(keyIdentifier(publicKey))),
    extension('2.5.29.35', sequence(der(0x80, keyIdentifier(signerKey)))),
  ];
  if (!authority) {
    // A SIP server is a TLS client as well as a server.
    const usages = sequence(objectId('1.3.6.1.5.5.7.3.1'), objectId('1.3.6.1.5.5.7.3.2'));
    found.push(extension('2.5.29.37', usages));
  }
  if (wish.names.length > 0)
    found.push(extension('2.5.29.17', sequence(...wish.names.map(alternativeName))));
  return found;
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(objectId(id), ...(critical ? [yes] : []), octetString(value));
}

function alternativeName(name: string): Buffer {
  const address = packAddress(name);
  if (address !== undefined) return der(0x87, address);
  return der(/^sips?:/.test(name) ? 0x86 : 0x82, Buffer.from(name));
}

/** A name with nothing but CN. */
function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(objectId('2.5.4.3'), utf8(commonName))));
}

function keyIdentifier(publicKey: Buffer): Buffer {
  return createHash('sha1').update(publicKey).digest();
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
