import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress } from '../support/own-address.ts';
import type { Place } from '../support/sip-wire.ts';

const DOMAIN = 'sip.example.com';
/** An answer that comes at all comes sooner. */
const PATIENCE_MS = 600;
const FIRST_MESSAGE_SECONDS = 2;
const PRODUCTS = /drawbridge|drachtio|asterisk|scripted|opaque="db|tag=db/i;

let pbx: Pbx;
let gate: Gate;

beforeAll(async () => {
  pbx = await aPbx({ address: ownAddress() });
  pbx.always('REGISTER', (register) =>
    pbx.answer(register, register.header('Authorization') === undefined ? 401 : 200, {
      headers: {
        Server: 'Asterisk PBX 22.5.1',
        Warning: '399 asterisk "scripted"',
        'WWW-Authenticate': 'Digest realm="pbx", nonce="0123456789abcdef", algorithm=MD5',
        Contact: register.header('Contact') ?? '',
      },
    }),
  );
  gate = await startGate({
    pbx: pbx.uri,
    rules: 'shipped',
    settings: {
      'network.stealth.domains': `[${DOMAIN}]`,
      'limits.firstMessageSeconds': FIRST_MESSAGE_SECONDS,
    },
  });
}, 30_000);
afterAll(async () => {
  await gate?.close();
  await pbx?.close();
});

interface Asked {
  readonly method?: string;
  readonly uri?: string;
  readonly version?: string;
  readonly toTag?: string;
  readonly headers?: readonly string[];
  readonly without?: string;
}

let sent = 0;
/** A request as no stack of ours would write it. */
function aRequest(from: Place, transport: string, asked: Asked): string {
  const { method = 'OPTIONS', uri = `sip:${DOMAIN}`, version = 'SIP/2.0', headers = [] } = asked;
  const id = `${process.pid}-${sent++}`;
  const lines = [
    `${method} ${uri} ${version}`,
    `Via: SIP/2.0/${transport} ${from.address}:${from.port};branch=z9hG4bK${id};rport`,
    `From: <sip:1001@${DOMAIN}>;tag=${id}`,
    `To: <sip:1001@${DOMAIN}>${asked.toTag === undefined ? '' : `;tag=${asked.toTag}`}`,
    `Call-ID: ${id}`,
    `CSeq: 1 ${method}`,
    'Max-Forwards: 70',
    ...headers,
    `Contact: <sip:1001@${from.address}:${from.port}>`,
    'Content-Length: 0',
  ];
  const kept = lines.filter(
    (line) => asked.without === undefined || !line.startsWith(asked.without),
  );
  return `${kept.join('\r\n')}\r\n\r\n`;
}

const forgedRoute = (): string =>
  `Route: <sip:${'A'.repeat(28)}@${gate.address}:${gate.udp.port};lr>`;

type Probe = readonly [string, () => Asked];
/** What strangers send to find out what is here, and a phone that is registered would be answered. */
const sound: readonly Probe[] = [
  ['OPTIONS', () => ({})],
  ['OPTIONS to the gate itself', () => ({ uri: `sip:${gate.address}:${gate.udp.port}` })],
  ['OPTIONS to an extension', () => ({ uri: `sip:1001@${DOMAIN}` })],
  ['a call', () => ({ method: 'INVITE', uri: `sip:1002@${DOMAIN}` })],
  ['a call of sips: over UDP', () => ({ method: 'INVITE', uri: `sips:1002@${DOMAIN}` })],
  ['a call to a feature code', () => ({ method: 'INVITE', uri: `sip:*97@${DOMAIN}` })],
  ['a message', () => ({ method: 'MESSAGE', uri: `sip:1002@${DOMAIN}` })],
  ['a subscription', () => ({ method: 'SUBSCRIBE', headers: ['Event: reg'] })],
  ['a transfer', () => ({ method: 'REFER', headers: ['Refer-To: <sip:112@x>'] })],
  ['an end of nothing', () => ({ method: 'BYE', toTag: 'x' })],
  ['a call that it says it is in', () => ({ method: 'INVITE', toTag: 'x' })],
  ['a Route that it made up', () => ({ method: 'BYE', toTag: 'x', headers: [forgedRoute()] })],
  ['a CANCEL of nothing', () => ({ method: 'CANCEL', uri: `sip:1002@${DOMAIN}` })],
  ['a method that nobody knows', () => ({ method: 'EVIL' })],
];
/** What nobody writes who means to be served. */
const broken: readonly Probe[] = [
  ['an ACK of nothing', () => ({ method: 'ACK', uri: `sip:1002@${DOMAIN}` })],
  ['a method in other letters', () => ({ method: 'register' })],
  ['an option that nobody has', () => ({ headers: ['Proxy-Require: magic'] })],
  ['no hop left', () => ({ headers: ['Max-Forwards: 0'], without: 'Max-Forwards: 70' })],
  ['another version', () => ({ version: 'SIP/3.0' })],
  ['no Via', () => ({ without: 'Via' })],
  ['no To', () => ({ without: 'To' })],
  ['no Call-ID', () => ({ method: 'REGISTER', without: 'Call-ID' })],
  ['a registration for another domain', () => ({ method: 'REGISTER', uri: 'sip:example.org' })],
  ['one for the bare address', () => ({ method: 'REGISTER', uri: `sip:${gate.address}` })],
  ['one for nobody', () => ({ method: 'REGISTER', without: 'To' })],
];
const probes = [...sound, ...broken];

/** Whatever came back from the gate to these bytes: the first of it, or nothing for as long as one waits. */
async function heardOverUdp(
  make: (from: Place) => string,
  address = ownAddress(),
): Promise<string> {
  const socket = createSocket('udp4');
  let heard = '';
  socket.on('message', (datagram) => {
    heard += datagram.toString('latin1');
  });
  socket.bind(0, address);
  await once(socket, 'listening');
  socket.send(Buffer.from(make(socket.address()), 'latin1'), gate.udp.port, gate.udp.address);
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (heard === '' && performance.now() < giveUpAt) await sleep(20);
  socket.close();
  return heard;
}

/** The same over a stream, and whether the gate ended the connection. */
async function heardOver(socket: Socket, bytes: string, forMs: number) {
  let heard = '';
  let ended = false;
  socket.on('data', (data) => {
    heard += data.toString('latin1');
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    ended = true;
  });
  socket.write(Buffer.from(bytes, 'latin1'));
  const giveUpAt = performance.now() + forMs;
  while (!ended && performance.now() < giveUpAt) await sleep(20);
  socket.destroy();
  return { heard, ended };
}

const dial = (to: Place): Socket =>
  connect({ host: to.address, port: to.port, localAddress: ownAddress() });

async function dialTls(to: Place) {
  const socket = connectTls({ socket: dial(to), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  return socket;
}

const theEnd = FIRST_MESSAGE_SECONDS * 1000 + 3000;

describe('to a stranger the gate does not exist (N10)', () => {
  test.concurrent.each(probes)('over UDP: %s', async (_what, asked) => {
    expect(await heardOverUdp((from) => aRequest(from, 'UDP', asked()))).toBe('');
  });

  test.concurrent.each([
    ['nothing', ''],
    ['four bytes', '\r\n\r\n'],
    ['a STUN binding request', `\0\x01\0\0\x21\x12\xa4\x42${'x'.repeat(12)}`],
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an answer', 'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x\r\nCSeq: 1 OPTIONS\r\n\r\n'],
    ['noise', '\xff\xfe\x01\x02\x03'],
  ])('over UDP: %s', async (_what, bytes) => {
    expect(await heardOverUdp(() => bytes)).toBe('');
  });

  test.concurrent.each(probes)(
    'over TCP a connection ends without a word: %s',
    async (_what, asked) => {
      const bytes = aRequest({ address: '192.0.2.1', port: 5060 }, 'TCP', asked());
      expect(await heardOver(dial(gate.tcp), bytes, theEnd)).toEqual({ heard: '', ended: true });
    },
  );

  test.concurrent.each([
    ['nothing', ''],
    ['keep-alives', '\r\n\r\n'],
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['TLS', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03'],
    ['half a message', `OPTIONS sip:${DOMAIN} SIP/2.0\r\nVia: x`],
    ['an answer', 'SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP x\r\nCSeq: 1 OPTIONS\r\nl: 0\r\n\r\n'],
  ])('over TCP and TLS so does one that says %s', async (_what, bytes) => {
    const within = Math.max(theEnd, 15_000);
    const [tcp, tls] = await Promise.all([
      heardOver(dial(gate.tcp), bytes, within),
      heardOver(await dialTls(gate.tls), bytes, within),
    ]);
    expect([tcp, tls]).toEqual(Array(2).fill({ heard: '', ended: true }));
  });

  test('a stranger hears nothing of what it did not get right over a WebSocket', async () => {
    const stranger = await aPhone({ to: gate.ws, transport: 'ws', address: ownAddress() });
    stranger.request('OPTIONS', `sip:${DOMAIN}`);
    await stranger.silence(PATIENCE_MS);
    await stranger.disconnected(theEnd);
    await stranger.close();
  });

  test('the certificate that the gate made says what it was told to be called, and nothing else', async () => {
    const socket = await dialTls(gate.tls);
    const { subject, issuer, subjectaltname } = socket.getPeerCertificate();
    socket.destroy();
    expect([{ ...subject }, { ...issuer }]).toEqual(Array(2).fill({ CN: 'localhost' }));
    expect(subjectaltname).toBe(
      `DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:${gate.address}`,
    );
  });
});

describe('an honest phone', () => {
  const phones: Phone[] = [];
  afterAll(() => Promise.all(phones.map((phone) => phone.close())));

  const places = () =>
    [
      ['udp', gate.udp],
      ['tcp', gate.tcp],
      ['tls', gate.tls],
      ['ws', gate.ws],
    ] as const;
  test('registers for the domain the first time, over whatever it speaks, and is told no product', async () => {
    for (const [transport, to] of places()) {
      const phone = await aPhone({
        ...{ transport, to, user: '1001', password: 'x', domain: DOMAIN, address: ownAddress() },
      });
      phones.push(phone);
      await phone.register();
      for (const { text } of phone.received) expect(text).not.toMatch(PRODUCTS);
      expect(phone.received.map(({ status }) => status)).toEqual([401, 200]);
      await phone.unregister();
    }
  });

  test('that is registered is answered what a stranger is not: the probes can fail', async () => {
    const address = ownAddress();
    const phone = await aPhone({
      to: gate.udp,
      user: '1009',
      password: 'x',
      domain: DOMAIN,
      address,
    });
    phones.push(phone);
    await phone.register();
    for (const [what, asked] of sound) {
      const heard = await heardOverUdp((from) => aRequest(from, 'UDP', asked()), address);
      expect(heard, what).toMatch(/^SIP\/2.0 [1-6]\d\d /);
      expect(heard, what).not.toMatch(PRODUCTS);
    }
  }, 60_000);

  test('of a stranger who dials 112 the call gets through', async () => {
    const caller = await aPhone({ to: gate.udp, user: 'x', domain: DOMAIN, address: ownAddress() });
    phones.push(caller);
    const call = await caller.invite('112');
    pbx.answer(await pbx.expect('INVITE'), 486);
    expect((await call.final()).status).toBe(486);
  });
});
