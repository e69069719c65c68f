import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { datagramsDropped } from './datagrams-dropped.ts';

test.each(['127.0.0.1', '::1'])(
  'counts what did not fit into the buffer of %s',
  async (address) => {
    const socket = createSocket({
      type: address.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: 4096,
    });
    socket.bind(0, address);
    await once(socket, 'listening');
    const { port } = socket.address();
    const advertised = { host: address, port };
    const listener = {
      name: 'udp',
      transport: 'udp',
      address,
      port,
      realm: 'access',
      advertised,
    } as const;
    expect(datagramsDropped([listener])).toBe(0);

    // Sends go out at once while this process cannot read.
    const sender = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    sender.connect(port, address);
    await once(sender, 'connect');
    for (let sent = 0; sent < 50; sent += 1) sender.send(Buffer.alloc(1000));
    expect(datagramsDropped([listener])).toBeGreaterThan(0);
    expect(datagramsDropped([{ ...listener, port: 1 }])).toBe(0);
    socket.close();
    sender.close();
  },
);
