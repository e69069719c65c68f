/**
 * The gate over the drachtio protocol, as an edge to measure: one process has the sockets and serves the protocol, a gate
 * or the drachtio-server that the first argument names; the other is the gate on it. Both are children of this one, so that
 * both count.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeTcpPort } from './free-port.ts';
import { judgingFlags } from './rule-flags.ts';

const [server = '', udp = '', tls = '', pbx = '', http = '', data = ''] = process.argv.slice(2);
const root = join(import.meta.dirname, '..', '..');
const secret = randomBytes(16).toString('hex');
const { host, port } = await freeTcpPort();

const children: ChildProcess[] = [];
process.on('SIGTERM', () => {
  for (const child of children) child.kill('SIGTERM');
});

function start(program: string, ...args: readonly string[]): void {
  const secrets = { DRAWBRIDGE_PROGRAMS_SECRET: secret, DRAWBRIDGE_DRACHTIO_SECRET: secret };
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...secrets } });
  const end = (code: number): void => {
    process.exitCode ??= code;
    for (const other of children) other.kill('SIGTERM');
  };
  child.once('error', (problem) => {
    console.error(`${program} cannot be started: ${problem.message}`);
    end(1);
  });
  child.once('exit', (code) => end(code ?? 1));
  children.push(child);
}

function startGate(folder: string, ...args: readonly string[]): void {
  start(
    process.execPath,
    ...[join(root, 'src', 'main.ts'), 'run', '--pbx', `sip:${pbx}`, '--data', join(data, folder)],
    ...judgingFlags(udp.slice(udp.lastIndexOf(':') + 1)),
    ...args,
  );
}

async function startGateAsServer(): Promise<void> {
  const routes = join(data, 'routes');
  cpSync(join(root, 'routes'), routes, { recursive: true });
  writeFileSync(
    join(routes, 'programs.yaml'),
    `programPort: { address: ${host}, port: ${port} }\n` +
      'programs: { requests: [{ realm: access }, { realm: core }, { realm: trunk }] }\n',
  );
  const other = await freeTcpPort();
  startGate(
    'server',
    ...['--routes', routes, '--listen', `udp:${udp}`, '--listen', `tls:${tls}`],
    ...['--http', `${other.host}:${other.port}`],
  );
}

/** Over UDP only: for TLS it would want a certificate of its own. */
function startDrachtioServer(program: string): void {
  mkdirSync(data, { recursive: true });
  const settings = join(data, 'drachtio.conf.xml');
  writeFileSync(
    settings,
    `<drachtio>
  <admin port="${port}" secret="${secret}">${host}</admin>
  <sip><contacts><contact>sip:${udp};transport=udp</contact></contacts></sip>
  <logging><console/><sofia-loglevel>0</sofia-loglevel><loglevel>error</loglevel></logging>
</drachtio>
`,
    { mode: 0o600 },
  );
  start(program, '-f', settings);
}

async function listening(): Promise<boolean> {
  const socket = connect(port, host);
  const up = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  socket.destroy();
  return up;
}

if (server === 'gate') await startGateAsServer();
else startDrachtioServer(server);
for (let tries = 0; !(await listening()) && tries < 100; tries++) await sleep(100);
if (process.exitCode === undefined)
  startGate('gate', '--drachtio', `${host}:${port}`, '--http', http);
