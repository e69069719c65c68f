import type { DataPlane } from '../data/data-plane.ts';
import type { InheritedSocket } from '../data/messages.ts';

/** What an heir is given. Throws where there is nothing to give; the message is for whoever asked for the hand-over. */
export async function offeredSockets(
  plane: Pick<DataPlane, 'sockets'>,
  predecessor: number,
): Promise<readonly InheritedSocket[]> {
  const sockets = await plane.sockets();
  if (sockets === 'not ours')
    throw new Error(
      'A gate on a drachtio-server, or with programs, cannot hand over: end it by SIGTERM and start the new one.',
    );
  if (sockets === 'not yet ours')
    throw new Error(
      `Process ${predecessor}, which handed over to this one, still has calls, and connections over them. Hand over when ` +
        `it has ended: with its last call, or by drain.deadlineSeconds; kill -TERM ${predecessor} ends it at once.`,
    );
  return sockets;
}
