import type { X509Certificate } from 'node:crypto';

/**
 * The names a certificate is for: DNS names, addresses, URIs and e-mail addresses of its subjectAltName,
 * and its common names. Kinds are dropped: `alice@example.com`, `sip:example.com`, `pbx.example.com`.
 */
export function certificateNames(certificate: X509Certificate): readonly string[] {
  const names = new Set<string>();
  // Node writes `DNS:a, IP Address:b`, and quotes a name that could be taken for two.
  const entry = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;
  for (const [, , name = ''] of (certificate.subjectAltName ?? '').matchAll(entry))
    names.add(name.startsWith('"') ? unquote(name) : name);
  for (const line of certificate.subject?.split('\n') ?? [])
    if (line.startsWith('CN=')) names.add(line.slice(3));
  return [...names];
}

/** Does this name, or a wildcard for its first label, stand for that host? */
export function nameCovers(name: string, host: string): boolean {
  const pattern = name.toLowerCase();
  const wanted = host.toLowerCase();
  if (!pattern.startsWith('*.')) return pattern === wanted;
  const rest = wanted.indexOf('.');
  return rest > 0 && wanted.slice(rest) === pattern.slice(1);
}

function unquote(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}
