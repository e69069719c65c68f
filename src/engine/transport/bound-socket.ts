import { type BindOptions, createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Listener } from '../../edge/signaling.ts';
import { descriptorsOf } from './descriptors.ts';
import { isIpv6, listedSockets } from './listed-sockets.ts';
import { socketName } from './socket-name.ts';

/** Asked for; the system gives what its limits allow. A burst waits here instead of being lost. */
const SOCKET_BUFFER_BYTES = 8 * 1024 * 1024;
/** Where the system may choose the port, somebody else may have taken it a moment later. */
const TRIES = 5;

type Place = Pick<Listener, 'address' | 'port'>;

/**
 * One beside which its process may bind others. Any process of the same user could as well, and would take its share of what
 * comes; a gate does not, for it tries first whether the port is free, and gives it up where another took it meanwhile.
 */
export async function bindShared(place: Place): Promise<Socket> {
  const { address, port } = place;
  for (let left = TRIES; ; left--) {
    // this one shares with nobody, so it fails where anybody has the port
    const probe = await bound(place, false);
    const free = probe.address().port;
    await closed(probe);
    try {
      return await boundAlone({ address, port: free });
    } catch (problem) {
      // macOS knows no such sharing: there nobody has a lane
      if (problem instanceof Error && 'code' in problem && problem.code === 'ENOTSUP')
        return bound(place, false);
      if (port !== 0 || left === 1) throw problem;
    }
  }
}

/** Of two that start in the same instant the later one sees the other, whoever it is. */
async function boundAlone(place: Place): Promise<Socket> {
  const socket = await bound(place, true);
  const [listed = []] = listedSockets([{ ...place, transport: 'udp' }]);
  if (listed.length <= 1) return socket;
  await closed(socket);
  throw inUse(place);
}

/** As the system says it. */
const inUse = ({ address, port }: Place): Error =>
  Object.assign(new Error(`bind EADDRINUSE ${address}:${port}`), {
    code: 'EADDRINUSE',
    errno: -constants.errno.EADDRINUSE,
    syscall: 'bind',
    address,
    port,
  });

async function closed(socket: Socket): Promise<void> {
  const gone = once(socket, 'close');
  socket.close();
  await gone;
}

/** Beside the one that was bound by `bindShared`, by this process or by another of this user that handed it over. */
export const bindBeside = (place: Place): Promise<Socket> => bound(place, true);

/** Of another process, as it was bound there. */
export const takeOver = (place: Place, descriptor: number): Promise<Socket> =>
  bound(place, false, { fd: descriptor });

/**
 * Of one that this process bound, before others are bound beside it; undefined where there is no telling. The system's tables
 * have no interfaces, so of two with the same address of a link they do not say which is which.
 */
export function descriptorOf(socket: Socket): number | undefined {
  const { address, port } = socket.address();
  if (socketName(address) === undefined) return undefined;
  try {
    return descriptorsOf([{ transport: 'udp', address, port }])[0]?.descriptor;
  } catch {
    return undefined; // no /proc
  }
}

/** Rejects when it cannot be bound. */
async function bound(
  place: Place,
  reusePort: boolean,
  to: BindOptions = { address: place.address, port: place.port },
): Promise<Socket> {
  const ipv6 = isIpv6(place);
  const socket = createSocket({
    type: ipv6 ? 'udp6' : 'udp4',
    ipv6Only: ipv6,
    reusePort,
    recvBufferSize: SOCKET_BUFFER_BYTES,
    sendBufferSize: SOCKET_BUFFER_BYTES,
    // Only addresses are ever given; the default would go through the resolver's thread.
    lookup: (host, _options, callback) => callback(null, host, ipv6 ? 6 : 4),
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind(to);
    await listening;
  } catch (problem) {
    socket.close();
    throw problem;
  }
  return socket;
}
