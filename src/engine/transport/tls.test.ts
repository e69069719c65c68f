import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import {
  aMessage,
  type OpenTransports,
  openTransports,
  type Wish,
} from '../../../test/support/open-transports.ts';
import { type IssuedCertificate, issueCertificate } from './certificate/issue-certificate.ts';

const inTwoYears = Date.now() + 730 * 86_400_000;

const DAY_MS = 86_400_000;
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const valid = {
  notBefore: new Date(Date.now() - DAY_MS),
  notAfter: new Date(Date.now() + 90 * DAY_MS),
};
let authority: IssuedCertificate;
beforeAll(() => {
  authority = issueCertificate({ commonName: 'Test CA', names: [], authority: true, ...valid });
});
const issued = (...names: string[]) =>
  issueCertificate({ commonName: names[0] ?? 'x', names, issuer: authority, ...valid });

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tls-test-'));
  undo.push(() => rmSync(path, { recursive: true }));
  return path;
}

function write(directory: string, name: string, pair: IssuedCertificate) {
  const files = {
    certificate: join(directory, `${name}.pem`),
    key: join(directory, `${name}.key`),
  };
  writeFileSync(files.certificate, pair.certificate);
  writeFileSync(files.key, pair.key);
  return files;
}

async function serving(wish: Wish = {}): Promise<OpenTransports> {
  const open = await openTransports({ listen: ['tls'], ...wish });
  undo.push(() => open.close());
  return open;
}

function dial(port: number, options: ConnectionOptions = {}): TLSSocket {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  undo.push(() => socket.destroy());
  socket.on('error', () => {});
  return socket;
}

async function dialled(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = dial(port, options);
  await once(socket, 'secureConnect');
  return socket;
}

/** Like `once(…, 'close')`, which an error on the way would reject. */
const ended = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

/** The session to resume with. Node's client breaks when it writes within the event, so it is left first. */
async function sessionOf(socket: TLSSocket): Promise<Buffer> {
  const [session] = await once(socket, 'session');
  await new Promise((resolve) => setImmediate(resolve));
  return session;
}

const nameServed = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN;

describe('TLS (S1)', () => {
  test('carries messages both ways', async () => {
    const open = await serving({
      onMessage: (_wire, channel) => channel.send('back'),
    });
    const phone = await dialled(open.port('tls'));
    phone.write(aMessage('body'));
    const [answer] = await once(phone, 'data');
    expect(String(answer)).toBe('back');
    expect(open.messages[0]).toMatchObject({
      wire: aMessage('body'),
      channel: { transport: 'tls', address: '127.0.0.1', certificateNames: [], open: true },
    });
  });

  test('works at first start with a self-signed certificate, the same after a restart', async () => {
    const dataDirectory = folder();
    const first = await serving({ dataDirectory });
    const before = (await dialled(first.port('tls'))).getPeerX509Certificate();
    expect(before?.checkHost('localhost')).toBe('localhost');
    expect(before?.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(before?.checkIP('::1')).toBe('::1');
    expect(before?.verify(before.publicKey)).toBe(true);
    expect(statSync(join(dataDirectory, 'tls/self-signed.key')).mode & 0o777).toBe(0o600);
    const [served] = first.transports.certificates();
    expect(served?.endsAt).toBeGreaterThan(inTwoYears);

    const second = await serving({ dataDirectory });
    const after = (await dialled(second.port('tls'))).getPeerX509Certificate();
    expect(after?.fingerprint256).toBe(before?.fingerprint256);
  });

  test('its self-signed certificate can be trusted by name', async () => {
    const open = await serving();
    const ca = readFileSync(join(open.dataDirectory, 'tls/self-signed.pem'));
    const phone = await dialled(open.port('tls'), {
      ca,
      rejectUnauthorized: true,
      host: 'localhost',
    });
    expect(phone.authorized).toBe(true);
  });

  test('a self-signed certificate about to end is made anew', async () => {
    const dataDirectory = folder();
    const first = await serving({ dataDirectory });
    const old = readFileSync(join(dataDirectory, 'tls/self-signed.pem'), 'utf8');
    await first.transports.close();
    const ending = issueCertificate({
      commonName: 'localhost',
      names: ['localhost'],
      notBefore: new Date(Date.now() - 800 * DAY_MS),
      notAfter: new Date(Date.now() + 29 * DAY_MS),
    });
    writeFileSync(join(dataDirectory, 'tls/self-signed.pem'), ending.certificate);
    writeFileSync(join(dataDirectory, 'tls/self-signed.key'), ending.key);
    const second = await serving({ dataDirectory });
    expect(second.transports.certificates()[0]?.endsAt).toBeGreaterThan(inTwoYears);
    expect(readFileSync(join(dataDirectory, 'tls/self-signed.pem'), 'utf8')).not.toBe(old);
    expect(second.log.some(({ text }) => text.includes('self-signed'))).toBe(true);
  });

  test('refuses protocols before TLS 1.2', async () => {
    const open = await serving();
    const phone = dial(open.port('tls'), { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' });
    const [problem] = await once(phone, 'error');
    expect(problem).toBeInstanceOf(Error);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes a %s session', async (version) => {
    const open = await serving();
    const pinned = { minVersion: version, maxVersion: version };
    const first = dial(open.port('tls'), pinned);
    const session = await sessionOf(first);
    const again = await dialled(open.port('tls'), { ...pinned, session });
    expect(again.isSessionReused()).toBe(true);
  });

  test('answers each name with the certificate for it (SNI)', async () => {
    const directory = folder();
    const open = await serving({
      tls: {
        certificates: [
          write(directory, 'default', issued('gate.example.com')),
          write(directory, 'wild', issued('*.phones.example.com')),
          write(directory, 'other', issued('other.example.net')),
        ],
      },
    });
    const served = async (servername?: string) =>
      nameServed(await dialled(open.port('tls'), servername ? { servername } : {}));
    expect(await served()).toBe('gate.example.com');
    expect(await served('OTHER.example.net')).toBe('other.example.net');
    expect(await served('a.phones.example.com')).toBe('*.phones.example.com');
    expect(await served('a.b.phones.example.com')).toBe('gate.example.com');
    expect(await served('unheard.of')).toBe('gate.example.com');
  });

  test('a certificate is replaced under 100 live connections and none drops', async () => {
    const directory = folder();
    const files = write(directory, 'gate', issued('old.example.com'));
    const open = await serving({ tls: { certificates: [files] } });
    const phones = await Promise.all(Array.from({ length: 100 }, () => dialled(open.port('tls'))));

    write(directory, 'gate', issued('new.example.com'));
    await eventually(() => open.log.some(({ text }) => text === 'certificate swapped'), 'swapped');
    expect(nameServed(await dialled(open.port('tls')))).toBe('new.example.com');

    for (const phone of phones) phone.write(aMessage());
    await eventually(() => open.messages.length === 100, 'all heard');
    expect(open.closed).toHaveLength(0);
  });

  test('a key and a certificate that do not match are refused by name; the old pair stays until they do', async () => {
    const directory = folder();
    const files = write(directory, 'gate', issued('old.example.com'));
    const open = await serving({ tls: { certificates: [files] } });

    const next = issued('new.example.com');
    writeFileSync(files.certificate, next.certificate);
    await eventually(() => open.log.some(({ level }) => level === 'error'), 'complained');
    expect(open.log.find(({ level }) => level === 'error')).toMatchObject({
      text: 'a new certificate cannot be used; the old one stays',
      fields: { certificate: files.certificate },
    });
    expect(JSON.stringify(open.log)).not.toContain('PRIVATE KEY');
    expect(nameServed(await dialled(open.port('tls')))).toBe('old.example.com');

    writeFileSync(files.key, next.key);
    await eventually(() => open.log.some(({ text }) => text === 'certificate swapped'), 'swapped');
    expect(nameServed(await dialled(open.port('tls')))).toBe('new.example.com');
  });

  test('an expired certificate is served on, loudly', async () => {
    const expired = issueCertificate({
      commonName: 'gate',
      names: ['gate'],
      notBefore: new Date(Date.now() - 9 * DAY_MS),
      notAfter: new Date(Date.now() - 2 * DAY_MS),
    });
    const open = await serving({ tls: { certificates: [write(folder(), 'gate', expired)] } });
    expect(open.log.find(({ level }) => level === 'error')?.text).toContain('EXPIRED');
    expect(nameServed(await dialled(open.port('tls')))).toBe('gate');
  });

  test('a pair that cannot be used at start is an error that names the file', async () => {
    const directory = folder();
    const files = write(directory, 'gate', { ...issued('a'), key: issued('b').key });
    await expect(serving({ tls: { certificates: [files] } })).rejects.toThrow(files.key);
  });

  test('a stalled handshake is ended and counted', async () => {
    const open = await serving({ limits: { handshakeSeconds: 0.2 } });
    const stalling = connectTcp(open.port('tls'), '127.0.0.1');
    undo.push(() => stalling.destroy());
    await eventually(() => open.transports.counts().handshaking === 1, 'handshaking');
    await ended(stalling);
    await eventually(() => open.transports.counts().handshaking === 0, 'over');
    expect(open.transports.counts().refused['handshake-time']).toBe(1);
    expect(open.closed).toHaveLength(0);
  });

  test('garbage instead of a handshake ends that connection only', async () => {
    const open = await serving();
    const garbage = connectTcp(open.port('tls'), '127.0.0.1');
    garbage.write('OPTIONS sip:x SIP/2.0\r\n\r\n');
    garbage.resume();
    await ended(garbage);
    expect((await dialled(open.port('tls'))).getCipher()).toBeDefined();
  });
});

describe('client certificates', () => {
  const asking = (clientCertificate: 'ask' | 'require', extra: Wish = {}) => {
    const directory = folder();
    const authorities = join(directory, 'ca.pem');
    writeFileSync(authorities, authority.certificate);
    return serving({
      listen: [{ transport: 'tls', clientCertificate }],
      tls: { authorities },
      ...extra,
    });
  };
  const as = (pair: IssuedCertificate) => ({ cert: pair.certificate, key: pair.key });
  const stranger = () => issueCertificate({ commonName: '1001', names: ['1001'], ...valid });

  test.each(['ask', 'require'] as const)('%s: a verified one names its holder', async (mode) => {
    const open = await asking(mode);
    const phone = await dialled(open.port('tls'), as(issued('1001', 'sip:1001@example.com')));
    phone.write(aMessage());
    await eventually(() => open.messages.length === 1, 'heard');
    expect(open.messages[0]?.channel.certificateNames).toEqual(['1001', 'sip:1001@example.com']);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'ask: an unverified one names nobody, nor does resuming its %s session',
    async (version) => {
      const open = await asking('ask');
      const pinned = { minVersion: version, maxVersion: version, ...as(stranger()) };
      const first = dial(open.port('tls'), pinned);
      const session = await sessionOf(first);
      first.write(aMessage());
      const again = await dialled(open.port('tls'), { ...pinned, session });
      again.write(aMessage());
      await eventually(() => open.messages.length === 2, 'both heard');
      for (const { channel } of open.messages) expect(channel.certificateNames).toEqual([]);
    },
  );

  test.each([
    ['none', () => ({})],
    ['one nobody vouches for', () => as(stranger())],
  ])('require: a client with %s gets nowhere', async (_what, options) => {
    const open = await asking('require');
    const phone = dial(open.port('tls'), options());
    phone.on('secureConnect', () => phone.write(aMessage()));
    phone.resume();
    await ended(phone);
    expect(open.messages).toHaveLength(0);
    await eventually(() => open.transports.counts().handshaking === 0, 'over');
    expect(open.transports.counts().open).toBe(0);
  });

  test('require: a session from a listener that asks for nothing opens no door', async () => {
    const directory = folder();
    const authorities = join(directory, 'ca.pem');
    writeFileSync(authorities, authority.certificate);
    const open = await serving({
      listen: [
        { transport: 'tls', clientCertificate: 'none' },
        { transport: 'tls', clientCertificate: 'require' },
      ],
      tls: { authorities },
    });
    const [free, strict] = open.transports.listeners;
    const session = await sessionOf(dial(free?.port ?? 0));
    const phone = dial(strict?.port ?? 0, { session });
    phone.on('secureConnect', () => phone.write(aMessage()));
    phone.resume();
    await ended(phone);
    expect(open.messages).toHaveLength(0);
  });

  test('require without authorities is an error at start', async () => {
    const listen = [{ transport: 'tls', clientCertificate: 'require' }] as const;
    await expect(serving({ listen })).rejects.toThrow('tls.authorities');
  });

  test('ask without authorities is warned about, none is not', async () => {
    const warned = async (clientCertificate: 'none' | 'ask') => {
      const { log } = await serving({ listen: [{ transport: 'tls', clientCertificate }] });
      return log.filter(({ level }) => level === 'warn').map(({ text }) => text);
    };
    expect(await warned('ask')).toEqual([expect.stringContaining('tls.authorities is not set')]);
    expect(await warned('none')).toEqual([]);
  });
});

describe('TLS to a peer', () => {
  test('reaches another gate, verified by its authority and name', async () => {
    const directory = folder();
    const authorities = join(directory, 'ca.pem');
    writeFileSync(authorities, authority.certificate);
    const certificates = [write(directory, 'peer', issued('peer.example.com', 'sip:example.com'))];
    const peer = await serving({ tls: { certificates } });
    const gate = await serving({ tls: { authorities, certificates } });
    const to = { transport: 'tls', address: '127.0.0.1', port: peer.port('tls') } as const;

    for (const serverName of ['peer.example.com', 'example.com']) {
      const channel = gate.transports.channelTo({ ...to, realm: 'access', serverName });
      channel?.send(aMessage());
      await eventually(() => peer.messages.length === 1, 'heard');
      peer.messages.length = 0;
      channel?.close();
      await eventually(() => gate.closed.length === 1, 'closed');
      gate.closed.length = 0;
    }

    const failures: Error[] = [];
    gate.transports
      .channelTo({ ...to, realm: 'access', serverName: 'elsewhere.example.com' })
      ?.send(aMessage(), (problem) => failures.push(problem));
    await eventually(() => failures.length === 1, 'failed');
    expect(peer.messages).toHaveLength(0);
  });

  test('a connection to one name is not used for another at the same address, but for the same one and for none', async () => {
    const directory = folder();
    const authorities = join(directory, 'ca.pem');
    writeFileSync(authorities, authority.certificate);
    const certificates = [write(directory, 'peer', issued('peer.example.com'))];
    const peer = await serving({ tls: { certificates } });
    const gate = await serving({ tls: { authorities, certificates } });
    const to = { transport: 'tls', address: '127.0.0.1', port: peer.port('tls') } as const;
    const channelTo = (serverName?: string) =>
      gate.transports.channelTo({
        ...to,
        realm: 'access',
        ...(serverName !== undefined && { serverName }),
      });

    const first = channelTo('peer.example.com');
    first?.send(aMessage());
    await eventually(() => peer.messages.length === 1, 'heard');
    const failures: Error[] = [];
    channelTo('elsewhere.example.com')?.send(aMessage(), (why) => failures.push(why));
    await eventually(() => failures.length === 1, 'failed');
    expect(peer.messages).toHaveLength(1);
    expect(channelTo('peer.example.com')).toBe(first);
    first?.close();
    expect(channelTo('peer.example.com')).not.toBe(first);
    expect(channelTo()).toBe(channelTo('peer.example.com'));
  });

  test('does not reach a peer that nobody vouches for, when authorities are set', async () => {
    const directory = folder();
    const authorities = join(directory, 'ca.pem');
    writeFileSync(authorities, authority.certificate);
    const peer = await serving();
    const gate = await serving({ tls: { authorities } });
    const failures: Error[] = [];
    gate.transports
      .channelTo({
        transport: 'tls',
        address: '127.0.0.1',
        port: peer.port('tls'),
        realm: 'access',
      })
      ?.send(aMessage(), (problem) => failures.push(problem));
    await eventually(() => failures.length === 1, 'failed');
    expect(peer.messages).toHaveLength(0);
    await eventually(() => gate.closed.length === 1, 'closed');
  });

  test('waits for a handshake that takes its time, and what was sent meanwhile arrives', async () => {
    const peer = await serving();
    const gate = await serving({ limits: { messageSeconds: 0.4 } });
    const slow = createServer((near) => {
      undo.push(() => near.destroy());
      setTimeout(() => {
        const far = connectTcp(peer.port('tls'), '127.0.0.1');
        near.pipe(far).pipe(near);
        undo.push(() => far.destroy());
      }, 400);
    });
    await once(slow.listen(0, '127.0.0.1'), 'listening');
    undo.push(() => slow.close());
    // one that has been up for longer than anybody may take nothing
    await eventually(() => performance.now() > 2000, 'up for long');
    const { port } = slow.address() as AddressInfo;
    const failures: Error[] = [];
    gate.transports
      .channelTo({ transport: 'tls', address: '127.0.0.1', port, realm: 'core' })
      ?.send(aMessage(), (why) => failures.push(why));
    await eventually(() => peer.messages.length + failures.length === 1, 'heard or failed');
    expect(failures).toEqual([]);
    expect(gate.transports.counts().refused['send-backlog']).toBe(0);
  });

  test('that is not verified for want of authorities is said once, when it is connected to', async () => {
    const peers = [await serving(), await serving()];
    const gate = await serving();
    const warned = () => gate.log.filter(({ level }) => level === 'warn');
    expect(warned()).toEqual([]);
    for (const peer of peers) {
      const to = { transport: 'tls', address: '127.0.0.1', port: peer.port('tls') } as const;
      gate.transports.channelTo({ ...to, realm: 'core' })?.send(aMessage());
      await eventually(() => peer.messages.length === 1, 'heard');
    }
    expect(warned()).toMatchObject([
      {
        text: expect.stringContaining('not verified'),
        fields: { peer: '127.0.0.1', port: peers[0]?.port('tls') },
      },
    ]);
  });
});
