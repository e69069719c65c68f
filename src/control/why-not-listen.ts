import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { reasonOf } from '../config/reason-of.ts';
import type { ListenerSettings } from '../config/settings.ts';

/** Where something listens, or is to. */
export type Place = Pick<ListenerSettings, 'transport' | 'address' | 'port'>;

/** Tries it, for a moment. */
export async function whyNotListen({
  transport,
  address,
  port,
}: Place): Promise<string | undefined> {
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
