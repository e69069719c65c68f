import { isUtf8 } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectTcp, createServer, isIPv6, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  connect as connectTls,
  createServer as createTlsServer,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';
import { WebSocket } from 'ws';
import { cutStream } from './sip-text.ts';

export type WireTransport = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

export interface Place {
  readonly address: string;
  readonly port: number;
}

export interface Peer extends Place {
  readonly transport: WireTransport;
}

/** Where a party hears and speaks: a socket, a connection, or a listener with its connections. */
export interface Wire {
  readonly transport: WireTransport;
  readonly local: Place;
  /** Sends bytes to a peer heard before, or a new one where the wire can reach it. */
  send(bytes: string, to: Place): void;
  close(): Promise<void>;
  /** Resolves when the other side, or a failure, ended the connection. Never for a listener. */
  readonly ended: Promise<void>;
  /** The TLS socket under a `tls` connection. */
  readonly tls?: TLSSocket;
}

/** An empty text is a lone CRLF: half a keep-alive, or its answer. */
export type Hear = (text: string, from: Peer) => void;

const bytesOf = (text: string) => Buffer.from(text, 'latin1');
const never = new Promise<void>(() => {});

/** A UDP socket: anybody can speak to it. */
export async function udpWire(at: Place, hear: Hear): Promise<Wire> {
  const socket = createSocket({ type: isIPv6(at.address) ? 'udp6' : 'udp4' });
  socket.on('message', (bytes, { address, port }) => {
    const text = bytes.toString('latin1');
    hear(/^[\r\n]*$/.test(text) ? '' : text, { transport: 'udp', address, port });
  });
  socket.bind(at.port, at.address);
  await once(socket, 'listening');
  // A peer that is gone answers with ICMP; that is the peer's business, the test will see the silence.
  socket.on('error', () => {});
  return {
    transport: 'udp',
    local: { address: at.address, port: socket.address().port },
    send: (bytes, to) => socket.send(bytesOf(bytes), to.port, to.address),
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
    ended: never,
  };
}

const overStream = (socket: Socket, transport: WireTransport, hear: Hear): Peer => {
  const peer = {
    transport,
    address: socket.remoteAddress ?? '',
    port: socket.remotePort ?? 0,
  };
  let rest = '';
  socket.on('data', (chunk) => {
    const [messages, left] = cutStream(rest + chunk.toString('latin1'));
    rest = left;
    for (const message of messages) hear(message, peer);
  });
  socket.on('error', () => {});
  return peer;
};

/** A TCP or TLS connection that this side opens. Rejects when it is refused. */
export async function streamWire(
  transport: 'tcp' | 'tls',
  from: string,
  to: Place,
  hear: Hear,
  tls: ConnectionOptions = {},
): Promise<Wire> {
  const where = { host: to.address, port: to.port, localAddress: from };
  const secure =
    transport === 'tls' ? connectTls({ ...where, rejectUnauthorized: false, ...tls }) : undefined;
  const socket = secure ?? connectTcp(where);
  await once(socket, secure === undefined ? 'connect' : 'secureConnect');
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  overStream(socket, transport, hear);
  return {
    transport,
    local: { address: from, port: socket.localPort ?? 0 },
    send: (bytes) => void socket.write(bytesOf(bytes)),
    close: () => {
      socket.destroy();
      return ended;
    },
    ended,
    ...(secure !== undefined && { tls: secure }),
  };
}

/** A WebSocket that this side opens (RFC 7118). */
export async function webSocketWire(
  transport: 'ws' | 'wss',
  from: string,
  to: Place,
  hear: Hear,
): Promise<Wire> {
  const socket = new WebSocket(`${transport}://${to.address}:${to.port}/`, 'sip', {
    localAddress: from,
    rejectUnauthorized: false,
  });
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('message', (data: Buffer) => {
    const text = Buffer.from(data).toString('latin1');
    hear(/^[\r\n]*$/.test(text) ? '' : text, { transport, ...to });
  });
  await once(socket, 'open');
  socket.on('error', () => {});
  return {
    transport,
    local: { address: from, port: 0 },
    send: (text) => {
      const bytes = bytesOf(text);
      // A text frame that is not UTF-8 ends the connection (RFC 6455 §8.1).
      socket.send(bytes, { binary: !isUtf8(bytes) });
    },
    close: () => {
      socket.terminate();
      return ended;
    },
    ended,
  };
}

/** A TCP or, with a certificate, TLS listener; it also opens connections to peers it has not heard yet. */
export async function tcpListenerWire(at: Place, hear: Hear, tls?: TlsOptions): Promise<Wire> {
  const transport = tls === undefined ? 'tcp' : 'tls';
  const connections = new Map<string, Socket>();
  const keep = (socket: Socket) => {
    const peer = overStream(socket, transport, hear);
    const key = `${peer.address}:${peer.port}`;
    connections.set(key, socket);
    socket.once('close', () => connections.delete(key));
  };
  const server = tls === undefined ? createServer(keep) : createTlsServer(tls, keep);
  server.listen(at.port, at.address);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no TCP port was bound');
  return {
    transport,
    local: { address: at.address, port: bound.port },
    send: (bytes, to) => {
      const open = connections.get(`${to.address}:${to.port}`);
      if (open !== undefined) {
        open.write(bytesOf(bytes));
        return;
      }
      const where = { host: to.address, port: to.port, localAddress: at.address };
      const socket =
        tls === undefined ? connectTcp(where) : connectTls({ ...where, rejectUnauthorized: false });
      socket.on('error', () => {});
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => keep(socket));
      connections.set(`${to.address}:${to.port}`, socket);
      socket.write(bytesOf(bytes));
    },
    close: async () => {
      for (const socket of connections.values()) socket.destroy();
      server.close();
      await once(server, 'close');
    },
    ended: never,
  };
}
