import { type BindOptions, createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Asked for; the system gives what its limits allow. A burst waits here instead of being lost. */
const SOCKET_BUFFER_BYTES = 8 * 1024 * 1024;
/** Where the system may choose the port, somebody else may have taken it a moment later. */
const TRIES = 5;

export interface Place {
  /** IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

/** One that its process may bind again beside it, and nobody else can: to share a port unasked would be to lose half of what comes. */
export async function bindShared({ address, port }: Place): Promise<Socket> {
  for (let left = TRIES; ; left--) {
    // this one shares with nobody, so it fails where anybody has the port
    const probe = await bound(isIpv6(address), false, { address, port });
    const free = probe.address().port;
    const closed = once(probe, 'close');
    probe.close();
    await closed;
    try {
      return await bound(isIpv6(address), true, { address, port: free });
    } catch (problem) {
      // macOS knows no such sharing: there nobody has a lane
      if (problem instanceof Error && 'code' in problem && problem.code === 'ENOTSUP')
        return bound(isIpv6(address), false, { address, port });
      if (port !== 0 || left === 1) throw problem;
    }
  }
}

/** Beside the one that was bound by `bindShared`, by this process or by another of this user that handed it over. */
export const bindBeside = ({ address, port }: Place): Promise<Socket> =>
  bound(isIpv6(address), true, { address, port });

/** Of another process, as it was bound there. */
export const takeOver = ({ address }: Place, descriptor: number): Promise<Socket> =>
  bound(isIpv6(address), false, { fd: descriptor });

/** Rejects when it cannot be bound. */
async function bound(ipv6: boolean, reusePort: boolean, to: BindOptions): Promise<Socket> {
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

const isIpv6 = (address: string): boolean => address.includes(':');
