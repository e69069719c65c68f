import { createHash, randomBytes } from 'node:crypto';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

const hashes: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-256': 'sha256',
  'SHA-512-256': 'sha512-256',
};

/** Answers a WWW-Authenticate or Proxy-Authenticate challenge (RFC 7616). */
export function answerDigest(
  challenge: string,
  request: { readonly method: string; readonly uri: string },
  { user, password }: Credentials,
): string {
  const field = (name: string) =>
    new RegExp(`[\\s,]${name}=(?:"([^"]*)"|([^,\\s]+))`, 'i')
      .exec(challenge)
      ?.slice(1)
      .find((found) => found !== undefined);
  const algorithm = field('algorithm') ?? 'MD5';
  const name = hashes[algorithm.toUpperCase()];
  if (name === undefined) throw new Error(`no such digest algorithm: ${algorithm}`);
  const hash = (text: string) => createHash(name).update(text, 'latin1').digest('hex');

  const realm = field('realm') ?? '';
  const nonce = field('nonce') ?? '';
  const opaque = field('opaque');
  const ha1 = hash(`${user}:${realm}:${password}`);
  const ha2 = hash(`${request.method}:${request.uri}`);
  const parts = [
    `username="${user}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${request.uri}"`,
    `algorithm=${algorithm}`,
  ];
  if (field('qop') === undefined) {
    parts.push(`response="${hash(`${ha1}:${nonce}:${ha2}`)}"`);
  } else {
    const cnonce = randomBytes(8).toString('hex');
    parts.push(
      `response="${hash(`${ha1}:${nonce}:00000001:${cnonce}:auth:${ha2}`)}"`,
      'qop=auth',
      'nc=00000001',
      `cnonce="${cnonce}"`,
    );
  }
  if (opaque !== undefined) parts.push(`opaque="${opaque}"`);
  return `Digest ${parts.join(', ')}`;
}
