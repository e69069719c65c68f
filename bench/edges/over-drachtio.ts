/**
 * The gate over the drachtio protocol, as an edge to measure: one process has the sockets and serves the
 * protocol, the other is the gate on it. Both are children of this one, so that both count.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeTcpPort } from './free-port.ts';
import { judgingFlags } from './rule-flags.ts';

const [udp = '', tls = '', pbx = '', http = '', data = ''] = process.argv.slice(2);
const root = join(import.meta.dirname, '..', '..');
const secret = randomBytes(16).toString('hex');
const { host, port } = await freeTcpPort();

const routes = join(data, 'routes');
cpSync(join(root, 'routes'), routes, { recursive: true });
writeFileSync(
  join(routes, 'programs.yaml'),
  `programPort: { address: ${host}, port: ${port} }\n` +
    'programs: { requests: [{ realm: access }, { realm: core }, { realm: trunk }] }\n',
);

const children: ChildProcess[] = [];
process.on('SIGTERM', () => {
  for (const child of children) child.kill('SIGTERM');
});

function start(name: string, ...args: readonly string[]): void {
  const child = spawn(
    process.execPath,
    [
      join(root, 'src', 'main.ts'),
      'run',
      '--pbx',
      `sip:${pbx}`,
      '--data',
      join(data, name),
      ...judgingFlags(udp.slice(udp.lastIndexOf(':') + 1)),
      ...args,
    ],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        DRAWBRIDGE_PROGRAMS_SECRET: secret,
        DRAWBRIDGE_DRACHTIO_SECRET: secret,
      },
    },
  );
  child.once('exit', (code) => {
    process.exitCode ??= code ?? 1;
    for (const other of children) other.kill('SIGTERM');
  });
  children.push(child);
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

const other = await freeTcpPort();
start(
  'server',
  ...['--routes', routes, '--listen', `udp:${udp}`, '--listen', `tls:${tls}`],
  ...['--http', `${other.host}:${other.port}`],
);
for (let tries = 0; !(await listening()) && tries < 100; tries++) await sleep(100);
start('gate', '--drachtio', `${host}:${port}`, '--http', http);
