import { readFileSync } from 'node:fs';
import { packAddress } from '../../edge/packed-address.ts';
import type { Listener } from '../../edge/signaling.ts';

/**
 * How many datagrams the system threw away because a listener's buffer was full, since it was bound.
 * Zero where there is no /proc. Reads a file, two where IPv6 is served: for a metric, not for every packet.
 */
export function datagramsDropped(listeners: readonly Listener[]): number {
  const ours = listeners.filter(({ transport }) => transport === 'udp');
  return (
    droppedIn(
      '/proc/net/udp',
      ours.filter((listener) => !isIpv6(listener)),
    ) + droppedIn('/proc/net/udp6', ours.filter(isIpv6))
  );
}

/**
 * Behind the local address of each socket stands, last of its line, how many it lost. One that is connected is the lane
 * of a source that floods: what it loses is meant to be lost.
 */
function droppedIn(file: string, listeners: readonly Listener[]): number {
  if (listeners.length === 0) return 0;
  const table = textOf(file);
  let dropped = 0;
  for (const listener of listeners) {
    const socket = unconnectedAt(listener);
    for (let at = table.indexOf(socket); at >= 0; at = table.indexOf(socket, at + 1)) {
      const line = table.slice(at, table.indexOf('\n', at)).trimEnd();
      dropped += Number(line.slice(line.lastIndexOf(' '))) || 0;
    }
  }
  return dropped;
}

export const isIpv6 = ({ address }: Pick<Listener, 'address'>): boolean => address.includes(':');

/** How many sockets that are connected to nobody have that address and port, of this process or any. Zero without /proc. */
export function unconnectedSockets(place: Pick<Listener, 'address' | 'port'>): number {
  const table = textOf(isIpv6(place) ? '/proc/net/udp6' : '/proc/net/udp');
  return table.split(unconnectedAt(place)).length - 1;
}

/** How the line of such a socket begins, but for its number. */
function unconnectedAt(place: Pick<Listener, 'address' | 'port'>): string {
  const nobody = localAddress({ address: isIpv6(place) ? '::' : '0.0.0.0', port: 0 });
  return `: ${localAddress(place)} ${nobody} `;
}

/** As the kernel prints it: each 32-bit word in the machine's own byte order. */
export function localAddress({ address, port }: Pick<Listener, 'address' | 'port'>): string {
  const packed = packAddress(address) ?? Buffer.alloc(4);
  packed.swap32();
  const digits = port.toString(16).padStart(4, '0');
  return `${packed.toString('hex')}:${digits}`.toUpperCase();
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
