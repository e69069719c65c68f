import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startBackground } from '../../../test/support/background-process.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { mayForge, sendForged } from '../../../test/support/forged-datagram.ts';
import { aNetworkNamespace, mayMakeNetworks } from '../../../test/support/network-namespace.ts';
import {
  aMessage,
  type OpenTransports,
  openTransports,
  type Wish,
} from '../../../test/support/open-transports.ts';
import { ownLinks } from '../../../test/support/own-links.ts';
import { ArrivedDatagrams, DepartingDatagrams } from './datagram-batches.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function aPeer(address = '127.0.0.1', port = 0) {
  const socket = createSocket({
    type: address.includes(':') ? 'udp6' : 'udp4',
    recvBufferSize: 1_000_000,
  });
  undo.push(() => socket.close());
  socket.bind(port, address);
  await once(socket, 'listening');
  return socket;
}

const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const LISTENER = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (message) => console.log('heard ' + String(message).split(' ')[0]));
  socket.bind(5999, () => console.log('listening'));`;

const LINK = ownLinks[0]?.address;

describe.each([
  ['many at a time', true],
  ['one by one', false],
])('UDP, %s', (_how, batched) => {
  async function serving(wish: Wish = {}): Promise<OpenTransports> {
    const open = await openTransports({ listen: ['udp'], batched, ...wish });
    undo.push(() => open.close());
    return open;
  }

  test.each(['127.0.0.1', '::1'])(
    'answers from the socket that was asked (%s)',
    async (address) => {
      const open = await serving({
        listen: ['udp', { transport: 'udp', address }],
        onMessage: (_wire, channel) => channel.send('back'),
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
    await eventually(() => open.messages.some(({ wire }) => wire === 'last'), 'last');
    expect(open.messages.map(({ wire }) => wire)).toEqual([bytes.toString('latin1'), 'last']);
  });

  test('what comes at once is heard in its order, whole, from whoever sent it', async () => {
    const open = await serving();
    const first = await aPeer('127.0.0.2');
    const { port } = first.address();
    // of one port, and of two whose last bits are the same
    const peers = [first, await aPeer('127.0.0.3', port), await aPeer('127.0.0.3', port ^ 4096)];
    const sent: string[] = [];
    while (sent.length < 5000) {
      const already = sent.length;
      for (let one = already; one < already + 200; one++) {
        const peer = peers[one % 3] ?? first;
        const from = peer.address();
        const wire = `${one} ${'x'.repeat((one * 37) % 500)} from ${from.address} ${from.port}`;
        peer.send(wire, open.port('udp'), '127.0.0.1');
        sent.push(wire);
      }
      await eventually(() => open.messages.length === sent.length, 'heard');
    }
    // of each peer: the system keeps no order among several
    for (const [number] of peers.entries())
      expect(
        open.messages
          .map(({ wire }) => wire)
          .filter((wire) => Number.parseInt(wire, 10) % 3 === number),
      ).toEqual(sent.filter((_, one) => one % 3 === number));
    for (const { wire, channel } of open.messages)
      expect(wire.split(' from ')[1]).toBe(`${channel.address} ${channel.port}`);
    expect(new Set(open.messages.map(({ channel }) => channel)).size).toBe(peers.length);
  });

  test.runIf(process.platform === 'linux')('goes by the calls that it is said to', async () => {
    const calls = [
      vi.spyOn(ArrivedDatagrams.prototype, 'take'),
      vi.spyOn(DepartingDatagrams.prototype, 'send'),
    ];
    undo.push(() => calls.map((call) => call.mockRestore()));
    const open = await serving({ onMessage: (wire, channel) => channel.send(wire) });
    const peer = await aPeer();
    let answers = 0;
    peer.on('message', () => answers++);
    for (let one = 0; one < 200; one++) peer.send('x', open.port('udp'), '127.0.0.1');
    await eventually(() => answers === 200, 'answered');
    for (const { mock } of calls) {
      const most = Math.max(0, ...mock.results.map(({ value }) => value));
      expect(most > 1).toBe(batched);
    }
  });

  test('what goes out at once arrives in its order, whole', async () => {
    const open = await serving();
    const peer = await aPeer();
    const { port } = peer.address();
    const to = { transport: 'udp', address: '127.0.0.1', port, realm: 'core' } as const;
    const channel = open.transports.channelTo(to);
    const heard: string[] = [];
    peer.on('message', (message) => heard.push(String(message)));
    const sent: string[] = [];
    while (sent.length < 5000) {
      const already = sent.length;
      for (let one = already; one < already + 200; one++) {
        sent.push(`${one} ${'x'.repeat((one * 41) % 500)}`);
        channel?.send(sent.at(-1) ?? '');
      }
      await eventually(() => heard.length === sent.length, 'heard');
    }
    expect(heard).toEqual(sent);
  });

  test('the longest datagrams come and go, more of them than one batch holds', async () => {
    const longest = 'x'.repeat(65_507);
    const open = await serving({ onMessage: (wire, channel) => channel.send(wire) });
    const peer = await aPeer();
    const lengths: number[] = [];
    peer.on('message', (message) => lengths.push(message.length));
    for (const datagram of ['x', longest, longest, longest, 'xx'])
      peer.send(datagram, open.port('udp'), '127.0.0.1');
    await eventually(() => lengths.length === 5, 'answered');
    expect(lengths).toEqual([1, 65_507, 65_507, 65_507, 2]);
    expect(open.messages.map(({ wire }) => wire.length)).toEqual(lengths);
  });

  test('IPv4 and IPv6 side by side are not taken for each other', async () => {
    const open = await serving({
      listen: ['udp', { transport: 'udp', address: '::1' }],
      onMessage: (wire, channel) => channel.send(wire),
    });
    const [four, six] = open.transports.listeners;
    const answers: string[] = [];
    for (const [address, listener] of [
      ['127.0.0.1', four],
      ['::1', six],
    ] as const) {
      const peer = await aPeer(address);
      peer.on('message', (answer) => answers.push(String(answer)));
      for (let one = 0; one < 200; one++) peer.send(address, listener?.port, address);
    }
    await eventually(() => answers.length === 400, 'answered');
    for (const { wire, channel } of open.messages) expect(channel.address).toBe(wire);
  });

  test.runIf(LINK).each(['::', LINK ?? ''])(
    'a peer of the same link is known with its interface, and answered (%s)',
    async (address) => {
      const open = await serving({
        listen: [{ transport: 'udp', address }],
        onMessage: (wire, channel) => channel.send(wire),
      });
      const peer = await aPeer(LINK);
      const answers: string[] = [];
      peer.on('message', (answer) => answers.push(String(answer)));
      for (const text of ['one', 'two', 'three', 'four']) peer.send(text, open.port('udp'), LINK);
      await eventually(() => answers.length === 4, 'answered');
      expect(answers).toEqual(['one', 'two', 'three', 'four']);
      for (const { channel } of open.messages) {
        expect(channel.address).toBe(LINK);
        expect(channel).toBe(open.messages[0]?.channel);
      }
    },
  );

  test('those that cannot be sent are reported, and no other; all others arrive in their order', async () => {
    const open = await serving();
    const peer = await aPeer();
    const to = { transport: 'udp', port: peer.address().port, realm: 'core' } as const;
    const arrives = open.transports.channelTo({ ...to, address: '127.0.0.1' });
    // from a loopback address nothing leaves the machine
    const nowhere = open.transports.channelTo({ ...to, address: '198.51.100.1' });
    const heard: string[] = [];
    peer.on('message', (message) => heard.push(String(message)));
    const failed: string[] = [];
    const sent: string[] = [];
    for (let one = 0; one < 150; one++) {
      const message = one % 50 === 20 ? 'x'.repeat(70_000 * (1 + (one % 3))) : String(one);
      const channel = one % 50 === 10 ? nowhere : arrives;
      if (one % 50 !== 10 && one % 50 !== 20) sent.push(String(one));
      channel?.send(message, () => failed.push(String(one)));
    }
    await eventually(() => heard.length === sent.length, 'heard');
    expect(heard).toEqual(sent);
    await eventually(() => failed.length === 6, 'reported');
    expect(failed).toEqual(['10', '20', '60', '70', '110', '120']);
  });

  test.runIf(mayMakeNetworks && process.platform === 'linux')(
    'what the system has no room for waits, and nothing overtakes it',
    async () => {
      const network = aNetworkNamespace();
      undo.push(() => network.close());
      const open = await serving({ listen: [{ transport: 'udp', address: network.outside(0) }] });
      const [socket] = open.transports.descriptors();
      const size = Buffer.alloc(4);
      size.writeInt32LE(16_384);
      const libc = koffi.load(null);
      const set = libc.func('int setsockopt(int, int, int, const void *, uint32_t)');
      expect(set(socket?.descriptor, SOL_SOCKET, SO_SNDBUF, size, 4)).toBe(0);
      const address = network.outside(0).replace(/\d+$/, '240');
      const listening = startBackground('a listener', network.through[0] ?? '', [
        ...network.through.slice(1),
        ...[process.execPath, '--eval', LISTENER],
      ]);
      undo.push(() => listening.kill());
      await listening.prints('listening');
      const to = { transport: 'udp', address, port: 5999, realm: 'core' } as const;
      const channel = open.transports.channelTo(to);
      // nobody has the address yet: until somebody has, the socket's buffer takes some and the others wait before it
      for (let one = 0; one < 200; one++) {
        channel?.send(`${one} ${'x'.repeat(100)}`);
        if (one % 50 === 49) await sleep(20);
      }
      // where the event loop reads files it next sends what is ours, before it looks for room for what waits
      await readFile('/dev/null');
      for (const last of ['200', '201']) channel?.send(last);
      network.run('ip', 'address', 'add', `${address}/24`, 'dev', 'gate');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500); // a second until it is asked for again
      await listening.prints('heard 199\n');
      await listening.prints('heard 201\n');
      const heard = [...listening.output().matchAll(/heard (\d+)/g)].map(([, one]) => Number(one));
      expect(heard).toEqual(Array.from({ length: 202 }, (_, one) => one));
    },
  );

  test('a port that a gate has is no other gate’s, though it could be shared', async () => {
    const open = await serving();
    const port = open.port('udp');
    await expect(serving({ listen: [{ transport: 'udp', port }] })).rejects.toThrow('EADDRINUSE');
  });

  test('does not rest while more is waiting than is read at once', async () => {
    const open = await serving({
      admits: (_listener, _address, _port, received) => String(received).includes('heard'),
    });
    const peer = await aPeer();
    // one in 32 is heard, so that there is a turn each time
    for (let sent = 0; sent < 3200; sent++)
      peer.send(sent % 32 === 0 ? 'heard' : 'refused', open.port('udp'), '127.0.0.1');
    await eventually(() => open.messages.length === 100, 'heard');
    expect(open.transports.sleptMs).toBeLessThan(5);
  });

  test('one peer is one channel, found again by its address and its token', async () => {
    const open = await serving();
    const peer = await aPeer();
    peer.send('one', open.port('udp'), '127.0.0.1');
    peer.send('two', open.port('udp'), '127.0.0.1');
    await eventually(() => open.messages.length === 2, 'both');
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
    await eventually(() => open.messages.length === 1, 'heard');
    const token = open.messages[0]?.channel.token ?? '';
    const port = open.port('udp');
    await open.transports.close();

    const again = await serving({ listen: [{ transport: 'udp', port }] });
    const channel = again.transports.channelFrom(token);
    if (typeof channel === 'string') throw new Error(channel);
    channel.send('still here');
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
          channel.send(answer);
      },
    });
    const peer = await aPeer();
    const answers: string[] = [];
    peer.on('message', (answer) => answers.push(String(answer)));
    for (const one of ['one', 'two']) peer.send(one, open.port('udp'), '127.0.0.1');
    await eventually(() => answers.length === 4, 'all');
    expect(answers).toEqual(['one heard', 'after one', 'two heard', 'after two']);
  });

  test('what was said before it is closed still goes out', async () => {
    const open = await serving();
    const peer = await aPeer();
    const { port } = peer.address();
    const to = { transport: 'udp', address: '127.0.0.1', port, realm: 'core' } as const;
    const heard = once(peer, 'message');
    open.transports.channelTo(to)?.send('farewell');
    await open.transports.close();
    const [message] = await heard;
    expect(String(message)).toBe('farewell');
  });

  test('what was read before it is closed is handled, where that is asked for', async () => {
    let admitted = 0;
    const closed = Promise.withResolvers<void>();
    const open = await serving({
      admits() {
        admitted++;
        if (admitted === 3)
          queueMicrotask(() => {
            open.transports.finish();
            void open.transports.close().then(closed.resolve);
          });
        return true;
      },
      onMessage: (_wire, channel) => channel.send('back'),
    });
    const peer = await aPeer();
    let answers = 0;
    peer.on('message', () => answers++);
    for (let sent = 0; sent < 10; sent++) peer.send(aMessage(), open.port('udp'), '127.0.0.1');
    await closed.promise;
    expect(admitted).toBeGreaterThanOrEqual(3);
    expect(open.messages).toHaveLength(admitted);
    await eventually(() => answers === admitted, 'all are answered');
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
    channel?.send('x'.repeat(70_000), (problem) => failures.push(problem));
    await eventually(() => failures.length === 1, 'failed');
    expect(failures[0]?.message).toContain('EMSGSIZE');
    await open.transports.close();
    channel?.send('late', (problem) => failures.push(problem));
    await eventually(() => failures.length === 2, 'failed again');
  });

  test.skipIf(!mayForge)(
    'a datagram from port 0, which no answer can reach, is not heard',
    async () => {
      const open = await serving();
      const to = { address: '127.0.0.1', port: open.port('udp') };
      sendForged(0, to, aMessage('from nowhere'));
      sendForged(5999, to, aMessage('from somewhere'));
      await eventually(() => open.messages.length > 0, 'heard');
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
    await eventually(() => open.messages.length === 1, 'heard');
    expect(open.messages[0]?.wire).toBe('yes');
  });
});

test.runIf(process.platform === 'linux')(
  'answers do not wait behind new requests, which are lost and counted when they wait too long',
  async () => {
    const heard: string[] = [];
    const open = await openTransports({
      listen: ['udp'],
      onMessage(wire) {
        heard.push(wire);
        const until = performance.now() + 3;
        while (performance.now() < until);
      },
    });
    undo.push(() => open.close());
    const peer = await aPeer();
    for (let one = 0; one < 600; one++) peer.send(aMessage(`new ${one}`), open.port('udp'));
    peer.send('SIP/2.0 200 OK\r\n\r\n', open.port('udp'));
    peer.send('BYE sip:a@b SIP/2.0\r\nTo: <sip:a@b>;tag=1\r\n\r\n', open.port('udp'));
    await eventually(
      () => heard.length + open.transports.datagramsDropped() >= 602,
      'all that is left',
    );
    const at = (text: string) => heard.findIndex((wire) => wire.includes(text));
    // a turn's worth, where it was the first that came
    expect(at('SIP/2.0 200')).toBeLessThan(130);
    expect(at('SIP/2.0 200')).toBeGreaterThanOrEqual(0);
    expect(at('BYE')).toBe(at('SIP/2.0 200') + 1);
    expect(open.transports.datagramsDropped()).toBeGreaterThan(0);
    const begun = heard.filter((wire) => wire.includes('new '));
    const numbers = begun.map((wire) => Number(/new (\d+)/.exec(wire)?.[1]));
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    expect(begun.length).toBeGreaterThan(128);
  },
);
