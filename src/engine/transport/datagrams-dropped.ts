import type { Listener } from '../../edge/signaling.ts';
import { listedSockets } from './listed-sockets.ts';

/**
 * How many datagrams the system threw away because a listener's buffer was full, since it was bound. What the lane of a
 * source that floods loses is meant to be lost. Reads the system's tables: for a metric, not for every packet.
 */
export const datagramsDropped = (listeners: readonly Listener[]): number =>
  listedSockets(listeners.filter(({ transport }) => transport === 'udp'))
    .flat()
    .reduce((sum, { dropped }) => sum + dropped, 0);
