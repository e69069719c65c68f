import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
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
  const open = await openTransports({ listen: ['ws', 'wss'], ...wish });
  undo.push(() => open.close());
  return open;
}

function dial(open: OpenTransports, transport: 'ws' | 'wss', protocols = ['sip']): WebSocket {
  const browser = new WebSocket(`${transport}://127.0.0.1:${open.port(transport)}/any`, protocols, {
    rejectUnauthorized: false,
    origin: 'https://phones.example.com',
  });
  browser.on('error', () => {});
  undo.push(() => browser.terminate());
  return browser;
}

async function dialled(open: OpenTransports, transport: 'ws' | 'wss' = 'ws'): Promise<WebSocket> {
  const browser = dial(open, transport);
  await once(browser, 'open');
  return browser;
}

describe.each(['ws', 'wss'] as const)('%s', (transport) => {
  test('carries one message in each WebSocket message, text or binary, both ways', async () => {
    const open = await serving({
      onMessage: (_wire, channel) => channel.send('back'),
    });
    const browser = await dialled(open, transport);
    expect(browser.protocol).toBe('sip');

    browser.send(aMessage('text'));
    const [answer, isBinary] = await once(browser, 'message');
    expect([String(answer), isBinary]).toEqual(['back', false]);
    browser.send(Buffer.from(aMessage('\xff\xfe'), 'latin1'));
    await eventually(() => open.messages.length === 2, 'heard');
    expect(open.messages.map(({ wire }) => wire)).toEqual([aMessage('text'), aMessage('\xff\xfe')]);
    expect(open.messages[0]?.channel).toMatchObject({ transport, address: '127.0.0.1' });
  });

  test('reports the end of a connection once, and finds it until then', async () => {
    const open = await serving();
    const browser = await dialled(open, transport);
    browser.send(aMessage());
    await eventually(() => open.messages.length === 1, 'heard');
    const channel = open.messages[0]?.channel;
    if (channel === undefined) throw new Error('no channel');
    const { address, port } = channel;
    expect(open.transports.channelTo({ transport, address, port, realm: 'access' })).toBe(channel);
    expect(open.transports.channelFrom(channel.token)).toBe(channel);

    browser.close();
    await eventually(() => open.closed.length > 0, 'closed');
    expect(open.closed).toEqual([channel]);
    expect(channel.open).toBe(false);
    expect(open.transports.channelFrom(channel.token)).toBe('stale');
    expect(
      open.transports.channelTo({ transport, address, port, realm: 'access' }),
    ).toBeUndefined();
  });
});

describe('WebSocket', () => {
  test('bytes that are not UTF-8 go out as binary', async () => {
    const open = await serving({
      onMessage: (_wire, channel) => channel.send('\xff\xfe'),
    });
    const browser = await dialled(open);
    browser.send(aMessage());
    const [answer, isBinary] = await once(browser, 'message');
    expect([[...(answer as Buffer)], isBinary]).toEqual([[0xff, 0xfe], true]);
  });

  test('a CRLF keep-alive is answered (RFC 7118 §6), once something else was', async () => {
    const open = await serving({
      onMessage: (_wire, channel) => channel.send('back'),
    });
    const browser = await dialled(open);
    const heard: string[] = [];
    browser.on('message', (data) => heard.push(String(data)));
    browser.send('\r\n\r\n');
    browser.send(aMessage());
    await eventually(() => heard.length === 1, 'answered');
    browser.send('\r\n\r\n');
    await eventually(() => heard.length === 2, 'the pong');
    expect(heard).toEqual(['back', '\r\n']);
    expect(open.messages).toHaveLength(1);
  });

  const upgrade = (...lines: string[]) =>
    ['GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket', ...lines, '', ''].join('\r\n');
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
  const sip = 'Sec-WebSocket-Protocol: sip';
  test.each([
    ['an ordinary request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['one without a Host', 'GET / HTTP/1.1\r\n\r\n'],
    [
      'one that waits to be told to go on',
      'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n',
    ],
    ['one that expects the impossible', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: rain\r\n\r\n'],
    ['CONNECT', 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['no HTTP', 'OPTIONS sip:x SIP/2.0\r\n\r\n'],
    ['headers without end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(10_000)}`],
    [
      'an upgrade to something else',
      upgrade('Sec-WebSocket-Version: 13', key, 'Sec-WebSocket-Protocol: chat'),
    ],
    ['an upgrade without a key', upgrade('Sec-WebSocket-Version: 13', sip)],
    ['an upgrade of another version', upgrade('Sec-WebSocket-Version: 12', key, sip)],
    ['an upgrade by POST', upgrade('Sec-WebSocket-Version: 13', key, sip).replace('GET', 'POST')],
  ])('%s ends without a word (N10)', async (_what, bytes) => {
    const open = await serving();
    const client = connect(open.port('ws'), '127.0.0.1');
    undo.push(() => client.destroy());
    client.on('error', () => {});
    let said = '';
    client.on('data', (data) => {
      said += data;
    });
    client.write(bytes);
    await once(client, 'close');
    expect(said).toBe('');
    await eventually(() => open.transports.counts().handshaking === 0, 'gone');
  });

  test('an upgrade that never comes is ended and counted', async () => {
    const open = await serving({ limits: { handshakeSeconds: 0.2 } });
    const stalling = connect(open.port('ws'), '127.0.0.1');
    stalling.write('GET / HTTP/1.1\r\nHost: x\r\n');
    stalling.resume();
    await once(stalling, 'close');
    await eventually(() => open.transports.counts().handshaking === 0, 'counted');
    expect(open.transports.counts().refused['handshake-time']).toBe(1);
  });

  test('a message beyond the limit ends the connection and is counted', async () => {
    const open = await serving({ limits: { messageBytes: 1000 } });
    const browser = await dialled(open);
    browser.send('x'.repeat(1001));
    await once(browser, 'close');
    await eventually(() => open.closed.length === 1, 'closed');
    expect(open.transports.counts().refused['message-size']).toBe(1);
  });

  test('a frame that never ends is ended and counted; pings and messages between are not', async () => {
    const open = await serving({ limits: { messageSeconds: 0.3 } });
    const patient = await dialled(open);
    patient.send(aMessage());
    patient.ping();
    const slow = await dialled(open);
    // A masked text frame of 100 bytes, of which only the head comes.
    Reflect.get(slow, '_socket').write(Buffer.from([0x81, 0x80 | 100, 1, 2, 3, 4]));
    await once(slow, 'close');
    expect(open.transports.counts().refused['message-time']).toBe(1);
    expect(patient.readyState).toBe(WebSocket.OPEN);
  });

  /** A masked frame, with a mask of zeros. */
  const frame = (opcode: number, text = '', last = true): Buffer =>
    Buffer.concat([
      Buffer.from([(last ? 0x80 : 0) | opcode, 0x80 | text.length, 0, 0, 0, 0]),
      Buffer.from(text),
    ]);
  const CONTINUATION = 0;
  const TEXT = 1;
  const PING = 9;
  const PONG = 10;
  const times = (count: number, bytes: Buffer) => Buffer.alloc(count * bytes.length, bytes);
  const sendRaw = (browser: WebSocket, bytes: Buffer) =>
    Reflect.get(browser, '_socket').write(bytes);

  test.each([
    ['pongs that nobody asked for', frame(PONG)],
    ['pings', frame(PING)],
    ['messages of nothing', frame(TEXT)],
    ['keep-alives', frame(TEXT, '\r\n')],
  ])('a flood of %s holds up nobody, and ends', async (_what, bytes) => {
    const open = await serving();
    const flooding = await dialled(open);
    const other = await dialled(open);
    const ended = once(flooding, 'close');
    sendRaw(flooding, times(100_000, bytes));
    const began = performance.now();
    other.send(aMessage());
    await eventually(() => open.messages.length === 1, 'heard');
    expect(performance.now() - began).toBeLessThan(50);
    await ended;
    expect(open.transports.counts().refused.pieces).toBe(1);
    expect(open.unframeable).toEqual([{ head: '', problem: 'not-sip' }]);
    expect(other.readyState).toBe(WebSocket.OPEN);
  });

  test('a message comes in a few fragments, not in thousands', async () => {
    const open = await serving();
    const browser = await dialled(open);
    const message = aMessage();
    for (let at = 0; at < message.length; at += 5)
      sendRaw(
        browser,
        frame(at === 0 ? TEXT : CONTINUATION, message.slice(at, at + 5), at + 5 >= message.length),
      );
    await eventually(() => open.messages.length === 1, 'heard');
    expect(open.messages[0]?.wire).toBe(message);

    sendRaw(browser, frame(TEXT, 'x', false));
    sendRaw(browser, times(100, frame(CONTINUATION, 'x', false)));
    await once(browser, 'close');
  });

  test('who never says a message is ended, however many empty ones come', async () => {
    const open = await serving({ limits: { firstMessageSeconds: 0.3 } });
    const browser = await dialled(open);
    browser.send('');
    browser.send('\r\n\r\n');
    await once(browser, 'close');
    expect(open.transports.counts().refused['idle-time']).toBe(1);
  });

  test('where pages are named, a browser connects for those and no others', async () => {
    const open = await serving({
      listen: [{ transport: 'ws', origins: ['https://phones.example.com'] }],
    });
    const connects = (origin?: string) =>
      new Promise<boolean>((resolve) => {
        const options = origin === undefined ? {} : { origin };
        const browser = new WebSocket(`ws://127.0.0.1:${open.port('ws')}/`, ['sip'], options);
        undo.push(() => browser.terminate());
        browser.once('open', () => resolve(true)).once('error', () => resolve(false));
      });
    expect(await connects('https://phones.example.com')).toBe(true);
    expect(await connects()).toBe(true); // no browser
    for (const other of [
      'https://phones.example.com.evil.example',
      'http://phones.example.com',
      'https://phones.example.com:8443',
      'null',
    ])
      expect(await connects(other)).toBe(false);
  });
});
