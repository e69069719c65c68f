import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { ListenPoint } from '../config/listen-point.ts';
import { reasonOf } from '../config/reason-of.ts';

/** Tries it, for a moment. */
export async function whyNotListen({
  transport,
  address,
  port,
}: ListenPoint): Promise<string | undefined> {
  const ipv6Only = address.includes(':');
  const socket =
    transport === 'udp'
      ? createSocket({ type: ipv6Only ? 'udp6' : 'udp4', ipv6Only })
      : createServer();
  const open = once(socket, 'listening');
  if ('bind' in socket) socket.bind(port, address);
  else socket.listen({ host: address, port, ipv6Only });
  try {
    await open;
  } catch (error) {
    return reasonOf(error);
  }
  const closed = once(socket, 'close');
  socket.close();
  await closed;
  return undefined;
}
