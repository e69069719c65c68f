import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import {
  aMessage,
  type OpenTransports,
  openTransports,
  type Wish,
} from '../../../test/support/open-transports.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function serving(wish: Wish = {}): Promise<OpenTransports> {
  const open = await openTransports({ listen: ['tcp'], ...wish });
  undo.push(() => open.close());
  return open;
}

async function dialled(open: OpenTransports, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port: open.port('tcp'), host, noDelay: true });
  undo.push(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Resolves when a new connection is ended by the other side, at once or soon. */
async function turnedAway(open: OpenTransports): Promise<void> {
  const socket = connect(open.port('tcp'), '127.0.0.1');
  socket.on('error', () => {});
  await ended(socket);
}

/** Like `once(…, 'close')`, which an error on the way would reject. */
const ended = (socket: Socket) =>
  new Promise<void>((resolve) => socket.resume().once('close', () => resolve()));

describe('TCP', () => {
  test('carries messages both ways, however they are cut', async () => {
    const open = await serving({
      onMessage: (_wire, channel) => channel.send('back'),
    });
    const phone = await dialled(open);
    const text = aMessage('one', 'a') + aMessage('', 'b');
    for (const byte of text) {
      phone.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    phone.write(aMessage('three') + aMessage('four'));
    await eventually(() => open.messages.length === 4, 'all heard');
    expect(open.messages.map(({ wire }) => wire).join('')).toBe(
      text + aMessage('three') + aMessage('four'),
    );
    const [answer] = await once(phone, 'data');
    expect(String(answer)).toMatch(/^back/);
  });

  test('answers a double CRLF with a single one (RFC 5626 §4.4.1), once it has said something else', async () => {
    const open = await serving();
    const phone = await dialled(open);
    const heard: string[] = [];
    phone.on('data', (bytes) => heard.push(String(bytes)));
    phone.write(`\r\n\r\n${aMessage()}`);
    await eventually(() => open.messages.length === 1, 'heard');
    open.messages[0]?.channel.send('back');
    await eventually(() => heard.length === 1, 'answered');
    phone.write('\r\n\r\n');
    await eventually(() => heard.length === 2, 'the pong');
    expect(heard).toEqual(['back', '\r\n']);
  });

  test.each([
    ['no Content-Length', 'OPTIONS sip:x SIP/2.0\r\n\r\n', 'content-length-missing'],
    ['two that differ', 'OPTIONS sip:x SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\n', 'content-length'],
    ['something else', 'GET / HTTP/1.1\r\n\r\n', 'not-sip'],
  ])('%s is reported, may be answered, and ends the connection', async (_what, bytes, problem) => {
    const open = await serving();
    const phone = await dialled(open);
    phone.write(bytes);
    await ended(phone);
    expect(open.unframeable).toEqual([{ head: bytes, problem }]);
    await eventually(() => open.closed.length === 1, 'closed');
  });

  test('an endless head is cut off at the limit and counted', async () => {
    const open = await serving({ limits: { messageBytes: 2000 } });
    const phone = await dialled(open);
    phone.write(`OPTIONS sip:x SIP/2.0\r\nX: ${'x'.repeat(3000)}`);
    await ended(phone);
    expect(open.unframeable[0]?.problem).toBe('head-too-large');
    expect(open.transports.counts().refused['message-size']).toBe(1);
  });

  test('finds the connection a peer opened, by address and by token, until it closes', async () => {
    const open = await serving();
    const phone = await dialled(open);
    phone.write(aMessage());
    await eventually(() => open.messages.length === 1, 'heard');
    const channel = open.messages[0]?.channel;
    if (channel === undefined) throw new Error('no channel');
    const { address, port, token } = channel;
    const to = { transport: 'tcp', address, port, realm: 'access' } as const;
    expect(open.transports.channelTo(to)).toBe(channel);
    expect(open.transports.channelFrom(token)).toBe(channel);
    expect(channel.atPort(9)).toBe(channel);

    phone.destroy();
    await eventually(() => open.closed.length === 1, 'closed');
    expect(open.closed).toEqual([channel]);
    expect(open.transports.channelFrom(token)).toBe('stale');
    const failures: Error[] = [];
    channel.send('late', (problem) => failures.push(problem));
    expect(failures).toHaveLength(0);
    await eventually(() => failures.length === 1, 'failed');
  });

  test('connects out, queues until connected, and keeps the connection', async () => {
    const heard: string[] = [];
    const pbx = createServer((socket) => socket.on('data', (data) => heard.push(String(data))));
    pbx.listen(0, '127.0.0.2');
    await once(pbx, 'listening');
    undo.push(() => pbx.close());
    const bound = pbx.address();
    const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;

    const open = await serving();
    const to = { transport: 'tcp', address: '127.0.0.2', port, realm: 'core' } as const;
    const channel = open.transports.channelTo(to);
    channel?.send('one ');
    channel?.send('two');
    await eventually(() => heard.join('') === 'one two', 'both arrived');
    expect(open.transports.channelTo(to)).toBe(channel);
    expect(open.transports.channelTo({ ...to, address: '::1' })).toBeUndefined();
    expect(open.transports.channelTo({ ...to, transport: 'ws' })).toBeUndefined();
  });

  test('a peer that is not there fails every queued message, then closes', async () => {
    const open = await serving();
    const story: string[] = [];
    const channel = open.transports.channelTo({
      transport: 'tcp',
      address: '127.0.0.1',
      port: 1,
      realm: 'core',
    });
    channel?.send('one', (problem) => story.push(`one ${problem.message}`));
    channel?.send('two', (problem) => story.push(`two ${problem.message}`));
    await eventually(() => open.closed.length === 1, 'closed');
    expect(story).toEqual([
      'one connect ECONNREFUSED 127.0.0.1:1',
      'two connect ECONNREFUSED 127.0.0.1:1',
    ]);
  });

  test('a source that is not admitted is reset before anything is read', async () => {
    const open = await serving({ admits: () => false });
    const phone = connect(open.port('tcp'), '127.0.0.1');
    phone.on('error', () => {});
    phone.write(aMessage());
    await ended(phone);
    expect(open.messages).toHaveLength(0);
  });

  test('limits connections per source, and gives the place back', async () => {
    const open = await serving({ limits: { connectionsPerSource: 2 } });
    const first = await dialled(open);
    await dialled(open);
    await turnedAway(open);
    expect(open.transports.counts().refused['per-source']).toBe(1);
    first.destroy();
    await eventually(() => open.closed.length === 1, 'closed');
    const next = await dialled(open);
    next.write(aMessage());
    await eventually(() => open.messages.length === 1, 'heard');
  });

  test('the PBX and trunks have as many connections as they like', async () => {
    const open = await serving({
      listen: [{ transport: 'tcp', realm: 'core' }],
      limits: { connectionsPerSource: 1 },
    });
    const phones = [await dialled(open), await dialled(open), await dialled(open)];
    for (const phone of phones) phone.write(aMessage());
    await eventually(() => open.messages.length === 3, 'all heard');
  });

  test('limits connections in total', async () => {
    const open = await serving({ limits: { connections: 1 } });
    await dialled(open);
    await turnedAway(open);
    expect(open.transports.counts().refused.total).toBe(1);
  });

  test('a message that dribbles in too slowly ends its connection', async () => {
    const open = await serving({ limits: { messageSeconds: 0.3 } });
    const patient = await dialled(open);
    const slow = await dialled(open);
    const dribble = setInterval(() => slow.write('x'), 50);
    undo.push(() => clearInterval(dribble));
    slow.write(`${aMessage()}OPTIONS sip:`);
    await ended(slow);
    expect(open.transports.counts().refused['message-time']).toBe(1);
    patient.write(aMessage());
    await eventually(() => open.messages.length === 2, 'heard');
  });

  test('an idle connection is closed; keep-alives keep it', async () => {
    const open = await serving({ limits: { idleSeconds: 0.4 } });
    const idle = await dialled(open);
    const kept = await dialled(open);
    const pings = setInterval(() => kept.write('\r\n\r\n'), 50);
    undo.push(() => clearInterval(pings));
    await ended(idle);
    await eventually(() => open.closed.length === 1, 'closed');
    expect(open.transports.counts()).toMatchObject({ open: 1, refused: { 'idle-time': 1 } });
  });

  test('a connection that never says a message is cut off, keep-alives or not; one that did is not', async () => {
    const open = await serving({ limits: { firstMessageSeconds: 0.4 } });
    const silent = await dialled(open);
    const pinging = await dialled(open);
    const speaking = await dialled(open);
    speaking.write(aMessage());
    const disregarded = await dialled(open);
    await eventually(() => open.messages.length === 1, 'heard');
    disregarded.write(aMessage());
    await eventually(() => open.messages.length === 2, 'heard both');
    open.messages[1]?.channel.disregarded();
    const pings = setInterval(() => pinging.write('\r\n\r\n'), 50);
    undo.push(() => clearInterval(pings));
    await Promise.all([ended(silent), ended(pinging), ended(disregarded)]);
    await eventually(() => open.closed.length === 3, 'closed');
    expect(open.transports.counts()).toMatchObject({ open: 1, refused: { 'idle-time': 3 } });
    speaking.write(aMessage());
    await eventually(() => open.messages.length === 3, 'heard again');
  });

  test('a peer that does not read is cut off, and what it missed is reported', async () => {
    const open = await serving();
    const deaf = await dialled(open);
    deaf.pause();
    deaf.write(aMessage());
    await eventually(() => open.messages.length === 1, 'heard');
    const channel = open.messages[0]?.channel;
    const failures: Error[] = [];
    const block = 'x'.repeat(60_000);
    for (let sent = 0; sent < 400 && channel?.open; sent += 1)
      channel.send(block, (problem) => failures.push(problem));
    await eventually(() => open.closed.length === 1, 'closed');
    expect(open.transports.counts().refused['send-backlog']).toBe(1);
    await eventually(() => failures.length > 1, 'reported');
  });

  test('a peer that takes nothing for long is cut off, however little waits for it; a slow one is not', {
    timeout: 15_000,
  }, async () => {
    const open = await serving({ limits: { messageSeconds: 0.5 } });
    const block = 'x'.repeat(60_000);
    const called = async () => {
      const socket = await dialled(open);
      socket.pause().write(aMessage());
      const heard = open.messages.length;
      await eventually(() => open.messages.length > heard, 'heard');
      return { socket, channel: open.messages.at(-1)?.channel };
    };
    const first = await called();
    let fits = 0; // with all that the system holds, and all that we do
    for (; first.channel?.open; fits++) {
      first.channel.send(block);
      await sleep(2); // the system takes more and more
    }
    const [deaf, slow] = [await called(), await called()];
    for (let sent = 0; sent < fits - 8; sent++) {
      for (const { channel } of [deaf, slow]) channel?.send(block);
      await sleep(2);
    }
    const reading = setInterval(() => slow.socket.read(), 20);
    undo.push(() => clearInterval(reading));
    await eventually(() => deaf.channel?.open === false, 'cut off', 6000);
    expect(slow.channel?.open).toBe(true);
    expect(open.transports.counts().refused['send-backlog']).toBe(2);
  });

  test('what was written is out before a closed connection ends', async () => {
    const open = await serving({
      onMessage: (_wire, channel) => {
        channel.send('x'.repeat(500_000));
        channel.close();
      },
    });
    const phone = await dialled(open);
    let size = 0;
    phone.on('data', (data) => {
      size += data.length;
    });
    phone.write(aMessage());
    await ended(phone);
    expect(size).toBe(500_000);
  });

  test('IPv6 is served on its own socket', async () => {
    const open = await serving({ listen: [{ transport: 'tcp', address: '::1' }] });
    const phone = await dialled(open, '::1');
    phone.write(aMessage());
    await eventually(() => open.messages.length === 1, 'heard');
    expect(open.messages[0]?.channel.address).toBe('::1');
  });

  test('an address that is taken is an error that names it', async () => {
    const open = await serving();
    const port = open.port('tcp');
    await expect(serving({ listen: ['udp', { transport: 'tcp', port }] })).rejects.toThrow(
      `tcp 127.0.0.1 port ${port}`,
    );
  });

  test('a handler that throws harms nobody else', async () => {
    const open = await serving({
      onMessage: (wire) => {
        if (wire.includes('bad')) throw new Error('ours');
      },
    });
    const phone = await dialled(open);
    phone.write(aMessage('bad') + aMessage('good'));
    await eventually(() => open.messages.length === 2, 'heard');
    expect(open.log.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  test('nothing is left open after close', async () => {
    const handles = () =>
      process.getActiveResourcesInfo().filter((name) => /TCP|UDP|TLS|FSEvent/.test(name)).length;
    const before = handles();
    const open = await openTransports({ listen: ['udp', 'tcp', 'tls', 'ws', 'wss'] });
    const phone = await dialled(open);
    phone.write(aMessage());
    await eventually(() => open.messages.length === 1, 'heard');
    const phoneEnded = ended(phone);
    await open.close();
    await phoneEnded;
    expect(open.closed).toHaveLength(1);
    await eventually(() => handles() <= before, 'all closed');
  });

  test('of who sends as fast as it goes so much is taken in a turn, and all of it in the end', async () => {
    let inTurn = 0;
    let most = 0;
    let heard = 0;
    const open = await serving({
      onMessage: (wire) => {
        if (inTurn === 0)
          setImmediate(() => {
            inTurn = 0;
          });
        inTurn += wire.length;
        most = Math.max(most, inTurn);
        heard += wire.length;
        const began = performance.now();
        while (performance.now() - began < 0.02); // as long as a request takes
      },
    });
    const flood = `
      const { connect } = require('node:net');
      const { port, message } = require('node:worker_threads').workerData;
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.end(message.repeat(20_000));`;
    const flooding = new Worker(flood, {
      eval: true,
      workerData: { port: open.port('tcp'), message: aMessage() },
    });
    undo.push(() => flooding.terminate());
    await eventually(() => heard === 20_000 * aMessage().length, 'all heard');
    expect(most).toBeLessThan(100 * 1024);
  });

  test('a flood of pieces of no message ends', async () => {
    const open = await serving();
    const phone = await dialled(open);
    let ended = false;
    phone.once('close', () => {
      ended = true;
    });
    for (let sent = 0; !ended && sent < 10_000; sent++) {
      phone.write('\r');
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(ended).toBe(true);
    expect(open.transports.counts().refused.pieces).toBe(1);
  });
});
