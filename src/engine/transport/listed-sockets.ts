import { readFileSync } from 'node:fs';
import { packAddress } from '../../edge/packed-address.ts';
import type { Listener } from '../../edge/signaling.ts';

type Place = Pick<Listener, 'transport' | 'address' | 'port'>;

/** One of the system's sockets, as its tables in /proc tell of it. */
interface ListedSocket {
  readonly inode: string;
  /** Of UDP: how many datagrams were thrown away because its buffer was full. */
  readonly dropped: number;
}

const LISTENING = '0A';
const UNCONNECTED = '07';

/**
 * The sockets that listen at each of these, of this process or any; none without /proc. Of UDP those that are connected
 * to nobody: one that is connected is but the lane of a source that floods. However many places, a table is read once.
 */
export function listedSockets(places: readonly Place[]): readonly (readonly ListedSocket[])[] {
  const tables = new Map<string, string>();
  return places.map((place) => {
    const name = tableOf(place);
    const table = tables.get(name) ?? textOf(name);
    tables.set(name, table);
    return socketsAt(place, table);
  });
}

const tableOf = (place: Place): string =>
  `/proc/net/${place.transport === 'udp' ? 'udp' : 'tcp'}${isIpv6(place) ? '6' : ''}`;

function socketsAt(place: Place, table: string): readonly ListedSocket[] {
  const isUdp = place.transport === 'udp';
  const nobody = localAddress({ address: isIpv6(place) ? '::' : '0.0.0.0', port: 0 });
  // how the line of such a socket begins, but for its number
  const begins = `: ${localAddress(place)} ${nobody} ${isUdp ? UNCONNECTED : LISTENING} `;
  const sockets: ListedSocket[] = [];
  for (let at = table.indexOf(begins); at >= 0; at = table.indexOf(begins, at + 1)) {
    const fields = table.slice(at, table.indexOf('\n', at)).trimEnd().split(/ +/);
    sockets.push({ inode: fields[9] ?? '', dropped: Number(fields.at(-1)) || 0 });
  }
  return sockets;
}

export const isIpv6 = ({ address }: Pick<Listener, 'address'>): boolean => address.includes(':');

/** As the kernel prints it: each 32-bit word in the machine's own byte order. */
function localAddress({ address, port }: Pick<Listener, 'address' | 'port'>): string {
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
