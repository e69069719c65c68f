import type { Buffer } from 'node:buffer';
import { networkInterfaces } from 'node:os';
import { packAddress, unpackAddress } from '../../edge/packed-address.ts';

/** `AF_INET` and `AF_INET6` of Linux. */
export const IPV4 = 2;
export const IPV6 = 10;

/**
 * An IP address in the order in which it travels, read as words of 32 bits: one of IPv4, four of IPv6. The address of a link,
 * which means nothing without an interface, has none.
 */
export type SocketName = number | Int32Array;

export function socketName(address: string): SocketName | undefined {
  if (address.includes('%')) return undefined;
  const packed = packAddress(address);
  if (packed === undefined) return undefined;
  if (packed.length === 4) return packed.readInt32LE();
  return isOfLink(packed)
    ? undefined
    : Int32Array.from([0, 4, 8, 12], (at) => packed.readInt32LE(at));
}

const octets = Array.from({ length: 256 }, (_, octet) => String(octet));

/** The address in a `struct sockaddr`, as Node writes it: with the interface behind the address of a link. */
export function addressText(name: Buffer): string {
  if (name.readUInt16LE() === IPV4)
    return `${octets[name[4] ?? 0]}.${octets[name[5] ?? 0]}.${octets[name[6] ?? 0]}.${octets[name[7] ?? 0]}`;
  const packed = name.subarray(8, 24);
  const scope = name.readUInt32LE(24);
  const text = unpackAddress(packed);
  return isOfLink(packed) && scope > 0 ? `${text}%${interfaceOf(scope)}` : text;
}

const isOfLink = (packed: Buffer): boolean =>
  packed[0] === 0xfe && ((packed[1] ?? 0) & 0xc0) === 0x80;

/** As many as this machine has interfaces. */
const interfaces = new Map<number, string>();

function interfaceOf(scope: number): string {
  const known = interfaces.get(scope);
  if (known !== undefined) return known;
  for (const [name, addresses = []] of Object.entries(networkInterfaces()))
    for (const { family, scopeid } of addresses)
      if (family === 'IPv6' && scopeid) interfaces.set(scopeid, name);
  return interfaces.get(scope) ?? String(scope);
}
