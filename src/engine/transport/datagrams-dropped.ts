import { readFileSync } from 'node:fs';
import { packAddress } from '../../edge/packed-address.ts';
import type { Listener } from '../../edge/signaling.ts';

const TABLES = ['/proc/net/udp', '/proc/net/udp6'];

/**
 * How many datagrams the system threw away because a listener's buffer was full, since it was bound.
 * Zero where there is no /proc. Reads two files: for a metric, not for every packet.
 */
export function datagramsDropped(listeners: readonly Listener[]): number {
  const ours = new Set(
    listeners
      .filter(({ transport }) => transport === 'udp')
      .map((listener) => localAddress(listener)),
  );
  let dropped = 0;
  for (const table of TABLES) {
    for (const line of linesOf(table)) {
      const columns = line.trim().split(/\s+/);
      if (ours.has(columns[1] ?? '')) dropped += Number(columns.at(-1)) || 0;
    }
  }
  return dropped;
}

/** As the kernel prints it: each 32-bit word in the machine's own byte order. */
function localAddress({ address, port }: Listener): string {
  const packed = packAddress(address) ?? Buffer.alloc(4);
  packed.swap32();
  const digits = port.toString(16).padStart(4, '0');
  return `${packed.toString('hex')}:${digits}`.toUpperCase();
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'latin1').split('\n').slice(1);
  } catch {
    return [];
  }
}
