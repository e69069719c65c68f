import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  aRequest,
  OpenProgramServer,
  type ProgramServerWish,
  secret,
} from '../../../test/support/a-program-server.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { ownAddress } from '../../../test/support/own-address.ts';
import { ListeningProgram, type WireProgram } from '../../../test/support/wire-program.ts';
import type { HandlerSettings } from '../../config/settings.ts';
import { issueCertificate } from '../transport/certificate/issue-certificate.ts';

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

const own = <T extends AsyncDisposable>(one: T): T => {
  opened.push(one);
  return one;
};

const undo = (step: () => void): void => {
  opened.push({ [Symbol.asyncDispose]: async () => step() });
};

async function open(
  handlers: readonly HandlerSettings[],
  wish: ProgramServerWish = {},
): Promise<OpenProgramServer> {
  return own(await OpenProgramServer.open({ programs: { handlers }, ...wish }));
}

const greets = (program: WireProgram): void => void program.say(['authenticate', secret, 'mine']);
const reject = (status: number) => ({ kind: 'reject', status });
const get = (url: string): HandlerSettings => ({ url, method: 'GET' });

/** A program that listens. */
const listening = async (greet = greets, pair?: { cert: string; key: string }) =>
  own(await ListeningProgram.open(ownAddress(), greet, pair));

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** A web server, and what it was asked. */
class Web implements AsyncDisposable {
  readonly asked: { readonly method: string; readonly url: URL; readonly body: Buffer }[] = [];
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async open(serve: Serve): Promise<Web> {
    const address = ownAddress();
    let web: Web | undefined;
    const server = createServer(async (request, response) => {
      const body = await buffer(request);
      const url = new URL(request.url ?? '', 'http://web');
      web?.asked.push({ method: request.method ?? '', url, body });
      serve(request, response);
    });
    server.listen(0, address);
    await eventually(() => server.listening, 'the web server listens');
    const bound = server.address();
    const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
    web = new Web(server, `http://${address}:${port}`);
    return own(web);
  }

  /** Keeps nothing open. */
  forget(): void {
    this.#server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

const decision = JSON.stringify({ action: 'reject', data: { status: 486 } });

const says =
  (answer: unknown): Serve =>
  (_request, response) => {
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  };

describe('a program that is connected to', () => {
  test('has a connection for each request, and the agents a program for each', async () => {
    const app = await listening();
    const server = await open([get(`tcp://${app.place}`)]);
    const [first, second] = await Promise.all([server.choose(), server.choose()]);
    if (first.kind !== 'program' || second.kind !== 'program') throw new Error('not given');
    expect(first.program).not.toBe(second.program);
    expect(first.program.tags).toEqual(['mine']);
    first.program.send(['sip', 'first']);
    second.program.send(['sip', 'second']);
    await eventually(() => app.connections.every((one) => one.given().length === 1), 'both came');
    // the answer to authenticate comes before all else
    for (const one of app.connections) expect(one.frames[0]?.tokens.slice(3, 4)).toEqual(['OK']);
    expect(server.server.counts()).toMatchObject({ connected: 2, outbound: 2 });

    app.connections[0]?.socket.end();
    await eventually(() => server.agents.lostPrograms.length === 1, 'the agents hear of it');
    expect([first.program, second.program]).toContain(server.agents.lostPrograms[0]);
  });

  test('may be asked about some methods only', async () => {
    const app = await listening();
    const server = await open([{ ...get(`tcp://${app.place}`), methods: ['MESSAGE'] }]);
    const connected = await server.program(['invite']);
    expect(await server.next([connected])).toBe(0);
    expect((await server.choose(aRequest({ method: 'MESSAGE' }))).kind).toBe('program');
    expect(app.connections).toHaveLength(1);
    expect(await server.choose(aRequest({ method: 'OPTIONS' }))).toEqual(reject(503));
  });

  test('over TLS, its certificate unseen as long as nobody is named who signs it', async () => {
    const pair = issued();
    const app = await listening(greets, { cert: pair.certificate, key: pair.key });
    const server = await open([get(`tls://${app.place}`)]);
    expect((await server.choose()).kind).toBe('program');
  });

  test('over TLS, only one with a certificate of whoever is named to sign it', async () => {
    const file = join(tmpdir(), `authority-${randomUUID()}.pem`);
    undo(() => rmSync(file));
    const address = ownAddress();
    const [mine, other] = [issued(address), issued(address)];
    writeFileSync(file, mine.certificate);
    const choices = [];
    for (const { certificate, key } of [mine, other]) {
      const app = own(await ListeningProgram.open(address, greets, { cert: certificate, key }));
      const server = await open([get(`tls://${app.place}`)], { authorities: file });
      choices.push((await server.choose()).kind);
    }
    expect(choices).toEqual(['program', 'reject']);
  });

  test('that holds nothing any more and does not end its connection is let go', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    undo(() => void vi.useRealTimers());
    const app = await listening();
    const server = await open([get(`tcp://${app.place}`)]);
    const [busy, idle] = [await server.choose(), await server.choose()];
    if (busy.kind !== 'program' || idle.kind !== 'program') throw new Error('not given');
    server.agents.held.set(busy.program, { requests: 0, calls: 1, subscriptions: 0 });
    vi.advanceTimersByTime(35_000);
    expect([busy.program.connected, idle.program.connected]).toEqual([true, true]);
    vi.advanceTimersByTime(35_000);
    expect([busy.program.connected, idle.program.connected]).toEqual([true, false]);
    server.agents.held.clear();
    vi.advanceTimersByTime(70_000);
    expect(busy.program.connected).toBe(false);
  });

  test('that is not there: 480, and it is said', async () => {
    const app = await ListeningProgram.open(ownAddress(), greets);
    const server = await open([get(`tcp://${app.place}`)]);
    await app[Symbol.asyncDispose]();
    expect(await server.choose()).toEqual(reject(480));
    expect(server.said(/not there/)).toMatchObject([{ fields: { why: /ECONNREFUSED/ } }]);
    expect(server.server.counts().requests).toMatchObject({ unreachable: 1 });
  });

  test('that never says who it is: 480, in time', async () => {
    const app = await listening(() => {});
    const server = await open([get(`tcp://${app.place}`)], {
      limits: { authenticateSeconds: 1 },
    });
    const begun = performance.now();
    expect(await server.choose()).toEqual(reject(480));
    expect(performance.now() - begun).toBeLessThan(2900);
    await eventually(() => app.connections[0]?.closed === true, 'it is left');
  });

  test.each([
    ['with the wrong secret', (one: WireProgram) => void one.say(['authenticate', 'wrong', ''])],
    [
      'that does not speak the protocol',
      (one: WireProgram) => one.bytes('HTTP/1.1 200 OK\r\n\r\n'),
    ],
    ['that hangs up', (one: WireProgram) => one.socket.destroy()],
  ])('%s: 480', async (_what, greet) => {
    const app = await listening(greet);
    const server = await open([get(`tcp://${app.place}`)]);
    expect(await server.choose()).toEqual(reject(480));
    expect(server.agents.lostPrograms).toEqual([]);
  });

  test('no more than so many at once', async () => {
    const app = await listening();
    const server = await open([get(`tcp://${app.place}`)], {
      limits: { outboundConnections: 2 },
    });
    await server.choose();
    await server.choose();
    expect(await server.choose()).toEqual(reject(480));
    app.connections[0]?.socket.destroy();
    await eventually(() => server.server.counts().outbound === 1, 'one is free');
    expect((await server.choose()).kind).toBe('program');
  });
});

describe('a web server that decides', () => {
  test('is told what is asked for, by GET', async () => {
    const web = await Web.open(
      says({ action: 'reject', data: { status: 486, reason: 'Lunch é' } }),
    );
    const server = await open([get(`${web.url}/decide`)]);
    const request = aRequest({
      uri: 'sip:+4930%20x@gate.example;user=phone;source_address=10.0.0.1;lr',
      headers: ['Content-Type: application/sdp'],
      body: 'v=0\r\n',
    });
    expect(await server.choose(request)).toEqual({
      ...reject(486),
      reason: Buffer.from('Lunch é').toString('latin1'),
    });
    const [{ method, url, body } = never()] = web.asked;
    expect([method, url.pathname, body.length]).toEqual(['GET', '/decide/', 0]);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      method: 'INVITE',
      domain: 'gate.example',
      protocol: 'udp',
      source_address: '198.51.100.7', // never what the request says of itself
      fromUser: 'alice',
      toUser: 'bob',
      uriUser: '+4930%20x',
      contentType: 'application/sdp',
      uri: 'sip:+4930%20x@gate.example;user=phone;source_address=10.0.0.1;lr',
      user: 'phone',
      lr: '',
    });
  });

  test('is told nothing by a caller that it takes for ours or for the operator’s own', async () => {
    const web = await Web.open(says(decision));
    const server = await open([get(`${web.url}/?tenant=ours&Key=1`)]);
    const uri =
      'sip:x@gate;tenant=theirs;key=2;source.address=::1;method[]=BYE;phone-context=+49;lr';
    await server.choose(aRequest({ uri }));
    const [{ url } = never()] = web.asked;
    expect([url.searchParams.getAll('tenant'), url.searchParams.get('Key')]).toEqual([
      ['ours'],
      '1',
    ]);
    // PHP reads `source.address` as `source_address`, and others `method[]` as a list of methods
    const brought = [...url.searchParams.keys()].filter((name) =>
      /^(key|source|method|phone|lr)/.test(name),
    );
    expect(brought).toEqual(['method', 'source_address', 'phone-context', 'lr']);
  });

  test('by POST has the message, byte for byte', async () => {
    const web = await Web.open(says({ action: 'reject', data: { status: 603 } }));
    const server = await open([{ url: `${web.url}/?key=1`, method: 'POST' }]);
    const request = aRequest({ headers: ['Subject: caf\u00c3\u00a9\u00ff'], body: '\u0000\u00fe' });
    expect(await server.choose(request)).toEqual(reject(603));
    const [{ method, url, body } = never()] = web.asked;
    expect([method, url.searchParams.get('key'), url.searchParams.get('method')]).toEqual([
      'POST',
      '1',
      'INVITE',
    ]);
    expect(body.toString('latin1')).toBe(request.wire);
  });

  test('redirects', async () => {
    const web = await Web.open(
      says({ action: 'redirect', data: { contact: ['sip:a@x.example', 'tel:+4930123'] } }),
    );
    const server = await open([get(web.url)]);
    expect(await server.choose()).toEqual({
      kind: 'redirect',
      contacts: ['sip:a@x.example', 'tel:+4930123'],
    });
  });

  test('has it proxied', async () => {
    const web = await Web.open(
      says({ action: 'proxy', data: { destination: 'sip:192.0.2.9', provisionalTimeout: '5s' } }),
    );
    const server = await open([get(web.url)]);
    expect(await server.choose()).toEqual({
      kind: 'proxy',
      destinations: ['sip:192.0.2.9'],
      recordRoute: false,
      followRedirects: true,
      simultaneous: false,
      provisionalTimeoutMs: 5000,
      finalTimeoutMs: undefined,
    });
  });

  test('names a program to connect to', async () => {
    const app = await listening();
    const web = await Web.open(says({ action: 'route', data: { uri: app.place } }));
    const server = await open([get(web.url)]);
    const choice = await server.choose();
    expect(choice.kind === 'program' && choice.program.tags).toEqual(['mine']);
  });

  test('names a tag: one of those connected with it that asked for the method', async () => {
    const web = await Web.open(says({ action: 'route', data: { tag: 'blue' } }));
    const server = await open([get(web.url)]);
    const programs = [
      await server.program(['invite'], 'green'),
      await server.program(['options'], 'blue'),
      await server.program(['invite'], 'red,blue'),
      await server.program(['invite'], 'blue'),
    ];
    const given = [
      await server.next(programs),
      await server.next(programs),
      await server.next(programs),
    ];
    expect(given).toEqual([2, 3, 2]);
    expect(await server.choose(aRequest({ method: 'MESSAGE' }))).toEqual(reject(480));
  });

  test.each<[string, Serve]>([
    ['that answers what is no JSON', says('<html>')],
    ['that answers nothing', says('')],
    ['that knows another action', says({ action: 'dance', data: {} })],
    ['that forgets the data', says({ action: 'reject' })],
    ['that accepts the call', says({ action: 'reject', data: { status: 200 } })],
    [
      'that would write headers of its own',
      says({ action: 'reject', data: { status: 486, reason: 'x\r\nX-Y: z' } }),
    ],
    ['that redirects to what is no URI', says({ action: 'redirect', data: { contact: 'a>,<b' } })],
    [
      'that has a time of its own',
      says({ action: 'proxy', data: { destination: 'sip:a', finalTimeout: 'soon' } }),
    ],
    ['that routes to nowhere', says({ action: 'route', data: { uri: 'x' } })],
    ['that answers 404', (_request, response) => void response.writeHead(404).end(decision)],
    [
      'that sends elsewhere',
      (_request, response) => void response.writeHead(302, { location: '/' }).end(decision),
    ],
    ['that answers without end', (_request, response) => void response.write('x'.repeat(70_000))],
    ['that hangs up', (request) => void request.socket.destroy()],
  ])('%s: 500', async (_what, serve) => {
    const web = await Web.open(serve);
    const server = await open([get(web.url)]);
    const begun = performance.now();
    expect(await server.choose()).toEqual(reject(500));
    expect(performance.now() - begun).toBeLessThan(2900);
    expect(server.said(/web server/)).toHaveLength(1);
    expect(server.server.counts().requests).toMatchObject({ failed: 1 });
  });

  test('that is not there: 500', async () => {
    const server = await open([get(`http://${ownAddress()}:1`)]);
    expect(await server.choose()).toEqual(reject(500));
  });

  test('that takes too long: 500 after three seconds, though it drips', async () => {
    const web = await Web.open((_request, response) => {
      const drip = setInterval(() => response.write(' '), 100);
      response.on('close', () => clearInterval(drip));
    });
    const server = await open([get(web.url)]);
    const begun = performance.now();
    expect(await server.choose()).toEqual(reject(500));
    expect(performance.now() - begun).toBeGreaterThan(2900);
    expect(performance.now() - begun).toBeLessThan(8000);
  });

  test.each([
    ['that is trusted', (mine: string) => mine, 'reject 486'],
    ['that nobody vouches for', () => issued().certificate, 'reject 500'],
  ])('over TLS, by a certificate %s', async (_what, authority, expected) => {
    const address = ownAddress();
    const { certificate, key } = issued(address);
    const file = join(tmpdir(), `authority-${randomUUID()}.pem`);
    undo(() => rmSync(file));
    writeFileSync(file, authority(certificate));
    const web = createSecureServer({ cert: certificate, key }, says(JSON.parse(decision)));
    undo(() => void web.close());
    web.listen(0, address);
    await eventually(() => web.listening, 'it listens');
    const bound = web.address();
    const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
    const server = await open([get(`https://${address}:${port}/`)], { authorities: file });
    const choice = await server.choose();
    expect(choice.kind === 'reject' && `reject ${choice.status}`).toBe(expected);
    web.closeAllConnections();
  });

  test('whose path or query may hold a key: it stands in no log', async () => {
    const server = await open([get(`http://${ownAddress()}:1/hush?key=hush`)]);
    await server.choose();
    expect(server.log.at(-1)?.level).toBe('warn');
    expect(JSON.stringify(server.log)).not.toContain('hush');
  });

  test('a connection kept from the last time that has ended meanwhile costs no request', async () => {
    const web = await Web.open(says({ action: 'reject', data: { status: 486 } }));
    const server = await open([get(web.url)]);
    for (let count = 0; count < 20; count++) {
      expect(await server.choose()).toEqual(reject(486));
      web.forget();
    }
  });

  test('closing does not wait for it', async () => {
    const web = await Web.open(() => {});
    const server = await OpenProgramServer.open({ programs: { handlers: [get(web.url)] } });
    const choice = server.choose();
    await eventually(() => web.asked.length === 1, 'it is asked');
    const begun = performance.now();
    await server[Symbol.asyncDispose]();
    expect(await choice).toEqual(reject(500));
    expect(performance.now() - begun).toBeLessThan(2900);
  });
});

function never(): never {
  throw new Error('it was not asked');
}

function issued(name = 'app') {
  return issueCertificate({
    commonName: name,
    names: [name],
    authority: true,
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
  });
}
