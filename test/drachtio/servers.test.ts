import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DrachtioServing } from '../../src/drachtio/create-drachtio.ts';
import type { Call, CallEnd, Handlers, Incoming } from '../../src/edge/signaling.ts';
import { issueCertificate } from '../../src/engine/transport/certificate/issue-certificate.ts';
import { adapter, aServer, type Server, type ServerWish } from '../contract/over-drachtio.ts';
import { settingsFor } from '../contract/under-test.ts';
import { aPbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { eventually } from '../support/eventually.ts';

const DAY_MS = 86_400_000;
let folder: string;
let undo: AsyncDisposableStack;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drachtio-servers-'));
  undo = new AsyncDisposableStack();
  undo.defer(() => rmSync(folder, { recursive: true, force: true }));
});
afterEach(() => undo.disposeAsync());

const settings = () => settingsFor({ listeners: [{ transport: 'udp', realm: 'access' }] }, folder);

async function server(wish: ServerWish = {}): Promise<Server> {
  const one = await aServer(settings(), wish);
  let open = true;
  const close = async () => {
    if (open) await one.close();
    open = false;
  };
  undo.defer(close);
  const { place, secret, listeners } = one;
  return {
    ...{ place, secret, listeners, close },
    get connected() {
      return one.connected;
    },
  };
}

/** The adapter over these servers, with an edge that answers OPTIONS and hands all else to `forward`. */
async function served(
  servers: readonly Pick<Server, 'place'>[],
  secret: string,
  forward: (incoming: Incoming) => void = (incoming) => incoming.answer(404),
  tls?: ConnectionOptions,
): Promise<{ serving: DrachtioServing; ended: [Call, CallEnd][] }> {
  const ended: [Call, CallEnd][] = [];
  const handlers: Handlers = {
    request(incoming) {
      if (incoming.request.method === 'OPTIONS') incoming.answer(200);
      else if (incoming.routed) incoming.forward({ targets: 'as-routed' });
      else forward(incoming);
    },
    callEnded: (call, why) => ended.push([call, why]),
  };
  const drachtio = {
    servers: servers.map(({ place }) => place),
    secret,
    tls: { enabled: tls !== undefined },
    listeners: [],
  };
  const serving = await adapter(settings(), drachtio, randomBytes(32), handlers, tls);
  undo.defer(() => serving.close());
  return { serving, ended };
}

async function phoneAt(one: Server): Promise<Phone> {
  const [listener] = one.listeners;
  if (listener === undefined) throw new Error('it does not listen');
  const phone = await aPhone({ to: listener });
  undo.defer(() => phone.close());
  return phone;
}

/** A request that the adapter's edge answers, as soon as it is given requests. */
async function isServed(phone: Phone): Promise<void> {
  await expect
    .poll(
      async () => {
        const sent = phone.request('OPTIONS', 'sip:gate');
        return (await phone.finalAnswer(sent, 1500).catch(() => undefined))?.status;
      },
      { timeout: 8000 },
    )
    .toBe(200);
}

test('a wrong secret, and servers that are not there, are named at start, and no secret with them', async () => {
  const one = await server();
  const nobody = { place: { host: '127.0.0.1', port: 1 } };
  const problem = await served([nobody, one], 'not-the-secret').catch((error: Error) => error);
  expect(problem).toBeInstanceOf(Error);
  const { message } = problem as Error;
  expect(message).toContain('127.0.0.1:1: ');
  expect(message).toContain(`127.0.0.1:${one.place.port}: it does not know our secret`);
  expect(message).not.toContain('not-the-secret');
});

test('what a server says that nobody understands ends the connection, not the process', async () => {
  const babbler = createServer((socket) => void socket.write('hello#world')).listen(0, '127.0.0.1');
  await once(babbler, 'listening');
  undo.defer(() => void babbler.close());
  const { port } = babbler.address() as AddressInfo;
  await expect(served([{ place: { host: '127.0.0.1', port } }], 'secret')).rejects.toThrow(
    /no drachtio-server lets the gate in/,
  );
});

describe('when the server is lost', () => {
  test('it is still the one that is named, as lost, until another carries SIP', async () => {
    const first = await server({ secret: 'one-secret' });
    const { serving } = await served([first], 'one-secret');
    const address = `127.0.0.1:${first.place.port}`;
    expect(serving.server()).toEqual({ address, connected: true });
    await first.close();
    await eventually(() => !serving.server().connected, 'the loss');
    expect(serving.server()).toEqual({ address, connected: false });
    await server({ secret: 'one-secret', port: first.place.port });
    await eventually(() => serving.server().connected, 'the server to be there again');
  });

  test('its calls are reported lost, what was under way fails, and the next server takes over with its own listeners', async () => {
    const first = await server({ secret: 'one-secret' });
    const second = await server({ secret: 'one-secret' });
    const pbx = await aPbx({ answersOptions: false });
    undo.defer(() => pbx.close());
    const { serving, ended } = await served([first, second], 'one-secret', (incoming) =>
      incoming.forward({ targets: [{ nextHop: pbx.uri }], recordRoute: true }),
    );
    expect(serving.listeners.map(({ port }) => port)).toEqual(
      first.listeners.map(({ port }) => port),
    );
    const phone = await phoneAt(first);
    const call = await phone.invite('1002');
    const accepting = pbx.accept(await pbx.expect('INVITE'));
    await call.answered();
    await accepting;
    expect([...serving.calls()]).toHaveLength(1);
    const outcome = new Promise((resolve) =>
      serving.send(
        {
          method: 'OPTIONS',
          target: { nextHop: pbx.uri },
          requestUri: pbx.uri,
          from: 'sip:gate@x',
          to: 'sip:pbx@x',
        },
        resolve,
      ),
    );
    await pbx.expect('OPTIONS');

    await first.close();
    expect(await outcome).toEqual({ kind: 'failed', failure: 'unreachable' });
    await eventually(() => ended.length > 0, 'the end of the call');
    expect(ended.map(([{ callId }, why]) => [callId, why])).toEqual([[call.callId, 'lost']]);
    expect([...serving.calls()]).toEqual([]);
    await isServed(await phoneAt(second));
    expect(serving.listeners.map(({ port }) => port)).toEqual(
      second.listeners.map(({ port }) => port),
    );
  });

  test('and there is no other, it is come back to', async () => {
    const first = await server();
    await served([first], first.secret);
    await isServed(await phoneAt(first));
    await first.close();
    const again = await server({ port: first.place.port, secret: first.secret });
    await isServed(await phoneAt(again));
    expect(again.connected).toBe(1);
  });
});

describe('over TLS', () => {
  function certificate(): { certificate: string; key: string; text: string } {
    const { certificate: text, key } = issueCertificate({
      commonName: 'localhost',
      names: ['localhost', '127.0.0.1'],
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + DAY_MS),
    });
    const files = { certificate: join(folder, 'server.pem'), key: join(folder, 'server.key') };
    writeFileSync(files.certificate, text);
    writeFileSync(files.key, key);
    return { ...files, text };
  }

  test('it is spoken to when its authority is known, and so it is after it was lost: never in the clear', async () => {
    const { text, ...tls } = certificate();
    const first = await server({ tls });
    await served([first], first.secret, undefined, { ca: text });
    await isServed(await phoneAt(first));
    await first.close();

    // whoever takes its place in the clear is not told the secret
    const heard: Buffer[] = [];
    const eavesdropper = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => heard.push(chunk));
    }).listen(first.place.port, '127.0.0.1');
    await once(eavesdropper, 'listening');
    await eventually(() => heard.length > 0, 'it comes back');
    eavesdropper.close();
    expect(Buffer.concat(heard).toString('latin1')).not.toContain(first.secret);
  });

  test('a server whose certificate nobody vouches for is not told the secret', async () => {
    const { text: _, ...tls } = certificate();
    const first = await server({ tls });
    await expect(served([first], first.secret, undefined, {})).rejects.toThrow(/self.signed/);
    expect(first.connected).toBe(0);
  });
});
