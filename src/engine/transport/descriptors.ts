import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Listener } from '../../edge/signaling.ts';
import type { InheritedSocket } from '../hand-over/inheritance.ts';
import { localAddress } from './datagrams-dropped.ts';

const LISTENING = '0A';
/** Of UDP: a connected socket of the same port is but the lane of one that floods. */
const UNCONNECTED = '07';

/** The descriptors of this process's listeners, as /proc knows them; those it does not know are left out. */
export function descriptorsOf(
  listeners: readonly Pick<Listener, 'transport' | 'address' | 'port'>[],
): readonly InheritedSocket[] {
  const byInode = new Map<string, number>();
  for (const descriptor of readdirSync('/proc/self/fd')) {
    const inode = /^socket:\[(\d+)\]$/.exec(target(`/proc/self/fd/${descriptor}`))?.[1];
    if (inode !== undefined) byInode.set(inode, Number(descriptor));
  }
  return listeners.flatMap(({ transport, address, port }) => {
    const table = `${transport === 'udp' ? 'udp' : 'tcp'}${address.includes(':') ? '6' : ''}`;
    const local = localAddress({ address, port });
    const found = readFileSync(`/proc/self/net/${table}`, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(
        (row) => row[1] === local && row[3] === (transport === 'udp' ? UNCONNECTED : LISTENING),
      )
      .map((row) => byInode.get(row[9] ?? ''))
      .find((descriptor) => descriptor !== undefined);
    return found === undefined ? [] : [{ transport, address, port, descriptor: found }];
  });
}

function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // closed since
  }
}
