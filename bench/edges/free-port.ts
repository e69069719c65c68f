import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Endpoint } from './edge.ts';

const host = '127.0.0.1';

export async function freeUdpPort(): Promise<Endpoint> {
  const socket = await bound(0);
  const { port } = socket.address();
  socket.close();
  return { host, port };
}

export async function freeTcpPort(): Promise<Endpoint> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (!address || typeof address === 'string') throw new Error('no TCP port');
  return { host, port: address.port };
}

/** The first of `count` free UDP ports in a row, so that phones keep their ports from run to run. */
export async function freeUdpPorts(count: number): Promise<Endpoint> {
  for (let first = 20_000; first + count < 32_768; first += count) {
    const sockets: Socket[] = [];
    try {
      for (let port = first; port < first + count; port++) sockets.push(await bound(port));
      return { host, port: first };
    } catch {
      // One of them is taken: try further on.
    } finally {
      for (const socket of sockets) socket.close();
    }
  }
  throw new Error(`no ${count} free UDP ports in a row`);
}

async function bound(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, host);
    await once(socket, 'listening');
    return socket;
  } catch (problem) {
    socket.close();
    throw problem;
  }
}
