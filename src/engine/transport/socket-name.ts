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
export type SocketName = number | readonly [number, number, number, number];

export function socketName(address: string): SocketName | undefined {
  if (address.includes('%')) return undefined;
  const packed = packAddress(address);
  if (packed === undefined) return undefined;
  if (packed.length === 4) return packed.readInt32LE();
  if (isOfLink(packed)) return undefined;
  return [
    packed.readInt32LE(0),
    packed.readInt32LE(4),
    packed.readInt32LE(8),
    packed.readInt32LE(12),
  ];
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

const LOOK_EVERY_MS = 1000;
/** As many as this machine has interfaces. */
let interfaces = new Map<number, string>();
let looked = Number.NEGATIVE_INFINITY;

/** The system is not asked for each datagram, known or not. */
function interfaceOf(scope: number): string {
  const now = performance.now();
  if (now - looked >= LOOK_EVERY_MS) {
    looked = now;
    interfaces = new Map(
      Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
        addresses.flatMap((one) =>
          one.family === 'IPv6' && one.scopeid > 0 ? [[one.scopeid, name] as const] : [],
        ),
      ),
    );
  }
  return interfaces.get(scope) ?? String(scope);
}
