import { readdirSync, readlinkSync } from 'node:fs';
import type { Listener } from '../../edge/signaling.ts';
import type { InheritedSocket } from '../hand-over/inheritance.ts';
import { listedSockets } from './listed-sockets.ts';

/** The descriptors of this process's listeners, as /proc knows them; those it does not know are left out. */
export function descriptorsOf(
  listeners: readonly Pick<Listener, 'transport' | 'address' | 'port'>[],
): readonly InheritedSocket[] {
  const byInode = new Map<string, number>();
  for (const descriptor of readdirSync('/proc/self/fd')) {
    const inode = /^socket:\[(\d+)\]$/.exec(target(`/proc/self/fd/${descriptor}`))?.[1];
    if (inode !== undefined) byInode.set(inode, Number(descriptor));
  }
  const listed = listedSockets(listeners);
  return listeners.flatMap(({ transport, address, port }, index) => {
    const descriptor = listed[index]
      ?.map(({ inode }) => byInode.get(inode))
      .find((one) => one !== undefined);
    return descriptor === undefined ? [] : [{ transport, address, port, descriptor }];
  });
}

function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // closed since
  }
}
