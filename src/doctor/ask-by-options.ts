import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { showHostPort } from '../config/forms.ts';
import { reasonOf } from '../config/reason-of.ts';
import type { Candidate } from '../engine/resolve/resolver.ts';

/** What came back, and the address that it was asked from. */
export interface Asked {
  /** Undefined: nothing. */
  readonly answer: string | undefined;
  readonly ms: number;
  readonly from: string;
  readonly why: string;
}

const PATIENCE_MS = 2000;
const AGAIN_MS = 500;

/** Asks whether SIP is spoken at a place, from an address of this machine, or the one it would take by itself. */
export function askByOptions(place: Candidate, from?: string): Promise<Asked> {
  return place.transport === 'udp' ? overUdp(place, from) : overStream(place, from);
}

function overUdp({ address, port }: Candidate, from: string | undefined): Promise<Asked> {
  const { promise, resolve } = Promise.withResolvers<Asked>();
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const began = performance.now();
  let own = from ?? '';
  let again: NodeJS.Timeout | undefined;
  const done = (answer: string | undefined, why = ''): void => {
    clearTimeout(patience);
    clearInterval(again);
    socket.close();
    resolve({ answer, why, from: own, ms: performance.now() - began });
  };
  const patience = setTimeout(() => done(undefined, 'no answer'), PATIENCE_MS);
  socket.once('error', (error) => done(undefined, reasonOf(error)));
  socket.once('message', (message) => done(statusOf(message.toString('latin1'))));
  socket.bind(0, from, () =>
    socket.connect(port, address, () => {
      const local = socket.address();
      own = local.address;
      const request = options('UDP', own, local.port, address, port);
      socket.send(request);
      again = setInterval(() => socket.send(request), AGAIN_MS);
    }),
  );
  return promise;
}

function overStream(place: Candidate, from: string | undefined): Promise<Asked> {
  const { promise, resolve } = Promise.withResolvers<Asked>();
  const { transport, address, port, serverName } = place;
  const began = performance.now();
  const where = { host: address, port, ...(from !== undefined && { localAddress: from }) };
  const secure = transport === 'tls' || transport === 'wss';
  // whether its certificate is good is another question, and asked where calls are
  const socket = secure
    ? connectTls({ ...where, servername: serverName ?? '', rejectUnauthorized: false })
    : connect(where);
  const done = (answer: string | undefined, why = ''): void => {
    resolve({
      answer,
      why,
      from: socket.localAddress ?? from ?? '',
      ms: performance.now() - began,
    });
    socket.destroy();
  };
  socket.setTimeout(PATIENCE_MS, () => done(undefined, 'no answer'));
  socket.once('error', (error) => done(undefined, reasonOf(error)));
  socket.once('close', () => done(undefined, 'the connection was closed'));
  socket.once(secure ? 'secureConnect' : 'connect', () =>
    socket.write(
      options(
        secure ? 'TLS' : 'TCP',
        socket.localAddress ?? '',
        socket.localPort ?? 0,
        address,
        port,
      ),
    ),
  );
  socket.once('data', (data) => done(statusOf(data.toString('latin1'))));
  return promise;
}

const statusOf = (message: string): string =>
  /^SIP\/2\.0 (\d{3})/.exec(message)?.[1] ?? 'something that is no SIP';

function options(
  transport: string,
  own: string,
  ownPort: number,
  address: string,
  port: number,
): string {
  const at = showHostPort(own, ownPort);
  const tag = randomBytes(8).toString('hex');
  return [
    `OPTIONS sip:${showHostPort(address, port)} SIP/2.0`,
    `Via: SIP/2.0/${transport} ${at};branch=z9hG4bK${tag};rport`,
    'Max-Forwards: 70',
    `From: <sip:doctor@${at}>;tag=${tag}`,
    `To: <sip:${showHostPort(address, port)}>`,
    `Call-ID: ${tag}`,
    'CSeq: 1 OPTIONS',
    `Contact: <sip:doctor@${at}>`,
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
}
