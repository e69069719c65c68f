import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { mayForge, sendForged } from '../../../test/support/forged-datagram.ts';
import {
  aMessage,
  type OpenTransports,
  openTransports,
  until,
  type Wish,
} from '../../../test/support/open-transports.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function serving(wish: Wish = {}): Promise<OpenTransports> {
  const open = await openTransports({ listen: ['udp'], ...wish });
  undo.push(() => open.close());
  return open;
}

async function aPeer(address = '127.0.0.1') {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  undo.push(() => socket.close());
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

describe('UDP', () => {
  test.each(['127.0.0.1', '::1'])(
    'answers from the socket that was asked (%s)',
    async (address) => {
      const open = await serving({
        listen: ['udp', { transport: 'udp', address }],
        onMessage: (_wire, channel) => channel.send(Buffer.from('back')),
      });
      const asked = open.transports.listeners[1]?.port;
      const peer = await aPeer(address);
      peer.send(aMessage('\xff'), asked, address);
      const [answer, from] = (await once(peer, 'message')) as [Buffer, RemoteInfo];
      expect(String(answer)).toBe('back');
      expect(from.port).toBe(asked);
      expect(open.messages[0]?.channel).toMatchObject({ transport: 'udp', address, open: true });
    },
  );

  test('keeps every byte, and swallows keep-alives and line ends before a message', async () => {
    const open = await serving();
    const peer = await aPeer();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => 255 - byte));
    for (const datagram of ['', '\r\n\r\n', '\0\0\0\0', bytes, '\r\n\r\nlast'])
      peer.send(datagram, open.port('udp'), '127.0.0.1');
    await until('last', () => open.messages.some(({ wire }) => wire === 'last'));
    expect(open.messages.map(({ wire }) => wire)).toEqual([bytes.toString('latin1'), 'last']);
  });

  test('a port that a gate has is no other gate’s, though it could be shared', async () => {
    const open = await serving();
    const port = open.port('udp');
    await expect(openTransports({ listen: [{ transport: 'udp', port }] })).rejects.toThrow(
      'EADDRINUSE',
    );
  });

  test('does not rest while more is waiting than is read at once', async () => {
    const open = await serving({
      admits: (_listener, _address, _port, received) => String(received).includes('heard'),
    });
    const peer = await aPeer();
    // one in 32 is heard, so that there is a turn each time
    for (let sent = 0; sent < 3200; sent++)
      peer.send(sent % 32 === 0 ? 'heard' : 'refused', open.port('udp'), '127.0.0.1');
    await until('heard', () => open.messages.length === 100);
    expect(open.transports.sleptMs).toBeLessThan(5);
  });

  test('one peer is one channel, found again by its address and its token', async () => {
    const open = await serving();
    const peer = await aPeer();
    peer.send('one', open.port('udp'), '127.0.0.1');
    peer.send('two', open.port('udp'), '127.0.0.1');
    await until('both', () => open.messages.length === 2);
    const [first, second] = open.messages.map(({ channel }) => channel);
    expect(second).toBe(first);
    const { port } = peer.address();
    const to = { transport: 'udp', address: '127.0.0.1', port, realm: 'core' } as const;
    expect(open.transports.channelTo(to)).toBe(first);
    expect(open.transports.channelFrom(first?.token ?? '')).toBe(first);
    expect(first?.atPort(9)).toMatchObject({ port: 9, listener: first?.listener });
  });

  test('a token outlives a restart on the same port with the same key', async () => {
    const open = await serving();
    const peer = await aPeer();
    peer.send('hello', open.port('udp'), '127.0.0.1');
    await until('heard', () => open.messages.length === 1);
    const token = open.messages[0]?.channel.token ?? '';
    const port = open.port('udp');
    await open.transports.close();

    const again = await serving({ listen: [{ transport: 'udp', port }] });
    const channel = again.transports.channelFrom(token);
    if (typeof channel === 'string') throw new Error(channel);
    channel.send(Buffer.from('still here'));
    const [message] = await once(peer, 'message');
    expect(String(message)).toBe('still here');
  });

  test('leaves by a listener of the realm, else by any of the address family', async () => {
    const open = await serving({
      listen: ['udp', { transport: 'udp', realm: 'core' }, { transport: 'udp', address: '::1' }],
    });
    const [access, core, six] = open.transports.listeners;
    const to = { transport: 'udp', address: '127.0.0.9', port: 5060 } as const;
    const leaves = (address: string, realm: 'access' | 'core' | 'trunk') =>
      open.transports.channelTo({ ...to, address, realm })?.listener;
    expect(leaves('127.0.0.9', 'core')).toBe(core);
    expect(leaves('127.0.0.9', 'trunk')).toBe(access);
    expect(leaves('0:0:0:0:0:0:0:1', 'core')).toBe(six);
  });

  test('answers leave in the order in which they were given; one that cannot be sent holds up no other', async () => {
    const open = await serving({
      onMessage: (wire, channel) => {
        for (const answer of [`${wire} heard`, 'x'.repeat(70_000), `after ${wire}`])
          channel.send(Buffer.from(answer));
      },
    });
    const peer = await aPeer();
    const answers: string[] = [];
    peer.on('message', (answer) => answers.push(String(answer)));
    for (const one of ['one', 'two']) peer.send(one, open.port('udp'), '127.0.0.1');
    await until('all', () => answers.length === 4);
    expect(answers).toEqual(['one heard', 'after one', 'two heard', 'after two']);
  });

  test('what was said before it is closed still goes out', async () => {
    const open = await serving();
    const peer = await aPeer();
    const { port } = peer.address();
    const to = { transport: 'udp', address: '127.0.0.1', port, realm: 'core' } as const;
    const heard = once(peer, 'message');
    open.transports.channelTo(to)?.send(Buffer.from('farewell'));
    await open.transports.close();
    const [message] = await heard;
    expect(String(message)).toBe('farewell');
  });

  test('a message that cannot be sent is reported', async () => {
    const open = await serving();
    const channel = open.transports.channelTo({
      transport: 'udp',
      address: '127.0.0.1',
      port: 9,
      realm: 'core',
    });
    const failures: Error[] = [];
    channel?.send(Buffer.alloc(70_000), (problem) => failures.push(problem));
    await until('failed', () => failures.length === 1);
    expect(failures[0]?.message).toContain('EMSGSIZE');
    await open.transports.close();
    channel?.send(Buffer.from('late'), (problem) => failures.push(problem));
    await until('failed again', () => failures.length === 2);
  });

  test.skipIf(!mayForge)(
    'a datagram from port 0, which no answer can reach, is not heard',
    async () => {
      const open = await serving();
      const to = { address: '127.0.0.1', port: open.port('udp') };
      sendForged(0, to, aMessage('from nowhere'));
      sendForged(5999, to, aMessage('from somewhere'));
      await until('heard', () => open.messages.length > 0);
      expect(open.messages.map(({ channel }) => channel.port)).toEqual([5999]);
      expect(open.messages[0]?.wire).toContain('from somewhere');
    },
  );

  test('a source that is not admitted is not heard', async () => {
    const open = await serving({ admits: (_listener, address) => address !== '127.0.0.66' });
    const stranger = await aPeer('127.0.0.66');
    const peer = await aPeer();
    stranger.send('no', open.port('udp'), '127.0.0.1');
    peer.send('yes', open.port('udp'), '127.0.0.1');
    await until('heard', () => open.messages.length === 1);
    expect(open.messages[0]?.wire).toBe('yes');
  });
});
