import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** The 4 or 16 bytes of an IP address (no brackets, any zone ignored); `undefined` when it is not one. */
export function packAddress(address: string): Buffer | undefined {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  if (!isIPv6(address)) return undefined;

  const [unscoped = ''] = address.split('%');
  const hexOnly = unscoped.replace(/[\d.]+$/, (tail) =>
    tail.includes('.') ? dottedToGroups(tail) : tail,
  );
  const [front = '', back] = hexOnly.split('::');
  const first = groups(front);
  const last = groups(back ?? '');
  const packed = Buffer.alloc(16);
  first.forEach((group, index) => {
    packed.writeUInt16BE(group, index * 2);
  });
  last.forEach((group, index) => {
    packed.writeUInt16BE(group, 16 - (last.length - index) * 2);
  });
  return packed;
}

/** The text of 4 or 16 bytes, as the system writes it. */
export function unpackAddress(packed: Buffer): string {
  if (packed.length === 4) return packed.join('.');
  const text: string[] = [];
  for (let at = 0; at < 16; at += 2) text.push(packed.readUInt16BE(at).toString(16));
  return canonicalAddress(text.join(':'));
}

/** One spelling per address, the system's own: IPv6 in lower case and shortened. */
export function canonicalAddress(address: string): string {
  if (!isIPv6(address) || address.includes('%')) return address;
  return new SocketAddress({ address, family: 'ipv6' }).address;
}

/**
 * Who is counted as one source: an IPv4 address, or the /64 of an IPv6 address, because whoever has
 * one address of a /64 has all of them.
 */
export function sourceOf(address: string): string {
  if (!address.includes(':')) return address;
  return packAddress(address)?.toString('hex', 0, 8) ?? address;
}

/** Such a source, or the /48 around it, as networks are written. */
export function formatSource(source: string): string {
  if (!/^([0-9a-f]{12}|[0-9a-f]{16})$/.test(source)) return source;
  const groups = source.match(/.{4}/g) ?? [];
  return `${groups.join(':')}::/${groups.length * 16}`;
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function dottedToGroups(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
