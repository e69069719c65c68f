import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Place } from './sip-wire.ts';

export interface TlsRelay {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * For peers that speak TCP only (Debian's SIPp has no TLS): each connection to it goes on as TLS, from the same
 * address. What is sent over it is not looked at.
 */
export async function tlsRelay(address: string, to: Place): Promise<TlsRelay> {
  const sockets = new Set<Socket>();
  const server = createServer((plain) => {
    const secure = connectTls({
      ...{ host: to.address, port: to.port, localAddress: address },
      rejectUnauthorized: false,
    });
    for (const [one, other] of [
      [plain, secure],
      [secure, plain],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no TCP port was bound');
  return {
    port: bound.port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
