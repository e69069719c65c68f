import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aPbx } from '../../support/a-pbx.ts';
import { aPhone, type Phone } from '../../support/a-phone.ts';
import { startBackground } from '../../support/background-process.ts';
import { eventually } from '../../support/eventually.ts';
import { type Gate, startGate } from '../../support/gate-process.ts';
import { ownAddress, ownPorts } from '../../support/own-address.ts';
import { RunningProgram } from './program-server.ts';

/** How real programs and the gate find each other: who connects to whom, over what, and who is asked before. */
const SECRET = 'a-secret-of-programs';
let undo: AsyncDisposableStack;
beforeEach(() => {
  undo = new AsyncDisposableStack();
});
afterEach(() => undo.disposeAsync());

interface ProgramsFile {
  readonly port?: number | null;
  readonly tls?: boolean;
  readonly handlers?: readonly object[];
}

async function aGate({ port = ownPorts.programs, tls = false, handlers = [] }: ProgramsFile) {
  const address = ownAddress();
  const pbx = await aPbx();
  undo.defer(() => pbx.close());
  const gate = await startGate({
    pbx: pbx.uri,
    address,
    routes: {
      'programs.yaml': JSON.stringify({
        programPort: { address, port, tls: { enabled: tls } },
        programs: { requests: [{ methods: ['INVITE', 'OPTIONS', 'MESSAGE'] }], handlers },
      }),
    },
    environment: { DRAWBRIDGE_PROGRAMS_SECRET: SECRET },
  });
  undo.defer(() => gate.close());
  const phone = await aPhone({ to: gate.udp });
  undo.defer(() => phone.close());
  return { gate, phone };
}

/** A program of `apps/`, running; what it says first is for the caller to ask. */
function start(app: string, environment: Readonly<Record<string, string>>): RunningProgram {
  const file = fileURLToPath(new URL(`apps/${app}.cjs`, import.meta.url));
  const program = new RunningProgram(
    startBackground(app, process.execPath, [file], {
      environment: { DRACHTIO_SECRET: SECRET, ...environment },
    }),
  );
  undo.defer(() => program.kill());
  return program;
}

const toward = ({ programs }: Gate, more: Readonly<Record<string, string>> = {}) => ({
  DRACHTIO_HOST: programs.address,
  DRACHTIO_PORT: String(programs.port),
  ...more,
});

async function callThrough(phone: Phone): Promise<void> {
  const call = await phone.invite('1000');
  await call.answered();
  await call.bye();
}

/** A program that listens, and where. */
async function aListeningProgram() {
  const address = ownAddress();
  const program = start('listen', { LISTEN_HOST: address });
  const { port } = await program.says('listening');
  return { program, place: `${address}:${port}` };
}

/** `status` is a process of its own, which takes a second to start on a busy machine. */
const patiently = { timeout: 10_000 };

test('a program that listens has a connection for each call, and ends it', async () => {
  const { program, place } = await aListeningProgram();
  const { gate, phone } = await aGate({ port: null, handlers: [{ url: `tcp://${place}` }] });
  const [first, second] = [await phone.invite('1000'), await phone.invite('1001')];
  await Promise.all([first.answered(), second.answered()]);
  await expect
    .poll(() => gate.status(), patiently)
    .toMatch(/^Programs: 2\n(.* \(for one request\) .*1 call\n){2}/m);
  await first.bye();
  await program.says('destroy');
  await eventually(() => program.said('connected').length === 2, 'one is left');
  await expect.poll(() => gate.status(), patiently).toMatch(/^Programs: 1$/m);
  await second.bye();
  await expect.poll(() => gate.status(), patiently).toMatch(/^Programs: 0$/m);
  expect((await phone.finalAnswer(phone.request('MESSAGE', 'sip:1@x'))).status).toBe(202);
  expect(program.said('failed')).toEqual([]);
});

test('a web server decides: this program, that tag, or nobody', async () => {
  const { place } = await aListeningProgram();
  const decisions: Record<string, object> = {
    '1': { action: 'route', data: { uri: place } },
    '2': { action: 'route', data: { tag: 'blue' } },
    '3': { action: 'reject', data: { status: 486, reason: 'Not today' } },
    '4': { action: 'route', data: { tag: 'green' } },
  };
  const address = ownAddress();
  const web = createServer((request, response) => {
    const user = new URL(request.url ?? '', 'http://x').searchParams.get('uriUser') ?? '';
    response.end(JSON.stringify(decisions[user[0] ?? '']));
  });
  web.listen(ownPorts.http, address);
  undo.defer(() => {
    web.closeAllConnections();
    web.close();
  });
  const { gate, phone } = await aGate({
    handlers: [{ methods: ['INVITE'], url: `http://${address}:${ownPorts.http}/decide` }],
  });
  const blue = start('uas', toward(gate, { DRACHTIO_TAGS: 'blue' }));
  await blue.says('connected');
  await callThrough(phone);
  expect(blue.said('request')).toEqual([]);
  const call = await phone.invite('2000');
  await call.answered();
  await blue.says('request');
  await call.bye();
  expect((await (await phone.invite('3000')).final()).startLine).toBe('SIP/2.0 486 Not today');
  expect((await (await phone.invite('4000')).final()).status).toBe(480);
});

test('over TLS', async () => {
  const { gate, phone } = await aGate({ tls: true });
  const program = start('uas', toward(gate, { DRACHTIO_TLS: 'yes' }));
  expect((await program.says('connected')).hostports).toContain(`udp/${gate.address}:`);
  await callThrough(phone);
  expect(await gate.status()).toContain('(TLS): 1');
});

test('a program with the wrong secret is told so, and tries again in vain; its secret is in no log', async () => {
  const { gate, phone } = await aGate({});
  const program = start('uas', toward(gate, { DRACHTIO_SECRET: 'what-a-stranger-says' }));
  expect((await program.says('refused')).why).toBe('failed to authenticate to server');
  await program.says('refused');
  expect((await (await phone.invite('1000')).final()).status).toBe(503);
  expect(gate.logs()).toContain('a program gave the wrong secret');
  expect(gate.logs()).not.toMatch(/what-a-stranger-says|a-secret-of-programs/);
});
