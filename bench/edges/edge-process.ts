import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { userName } from '../users.ts';
import type { Endpoint } from './edge.ts';

const STARTS_WITHIN_MS = 20_000;
const STOPS_WITHIN_MS = 15_000;
/** Who asks whether it serves: one whom every edge lets register. */
const PROBE = userName(0);

export interface EdgeProcess {
  readonly pid: number;
  assertAlive(): void;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) killGroup(child);
});

/** Starts an edge, its output going to a log in its folder, and waits until a REGISTER through it succeeds. */
export async function startEdgeProcess(
  command: readonly string[],
  folder: string,
  udp: Endpoint,
): Promise<EdgeProcess> {
  const [program = '', ...args] = command;
  const log = join(folder, 'output.log');
  const output = openSync(log, 'a');
  const child = spawn(program, args, { detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  running.add(child);
  let ended = false;
  child.once('error', () => {
    ended = true;
  });
  const closed = once(child, 'close').then(() => {
    ended = true;
    running.delete(child);
  });
  closed.catch(() => {});

  const { pid } = child;
  const started = await answersWithin(STARTS_WITHIN_MS, udp, () => ended);
  if (!started || pid === undefined) {
    killGroup(child);
    throw new Error(`${command.join(' ')} does not serve; it said:\n${endOf(log)}`);
  }
  return {
    pid,
    assertAlive() {
      if (ended) throw new Error(`${command.join(' ')} has died; it said:\n${endOf(log)}`);
    },
    async stop() {
      // The first asks for a drain, the second for an end at once.
      child.kill('SIGTERM');
      await sleep(100);
      child.kill('SIGTERM');
      const late = setTimeout(() => killGroup(child), STOPS_WITHIN_MS);
      await closed;
      clearTimeout(late);
    },
  };
}

/** With its worker processes, which would outlive it. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nothing is left of it.
  }
}

function endOf(log: string): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
}

/** Until a REGISTER is answered 200: it went to the PBX and back. */
async function answersWithin(ms: number, to: Endpoint, gaveUp: () => boolean): Promise<boolean> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  let answered = false;
  socket.on('message', (message) => {
    if (message.toString('latin1').startsWith('SIP/2.0 200')) answered = true;
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const end = Date.now() + ms;
  for (let attempt = 1; !answered && !gaveUp() && Date.now() < end; attempt++) {
    socket.send(probe(port, attempt), to.port, to.host);
    await sleep(100);
  }
  socket.close();
  return answered;
}

function probe(port: number, attempt: number): string {
  return [
    'REGISTER sip:edge.example.com SIP/2.0',
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bKprobe${port}${attempt};rport`,
    'Max-Forwards: 70',
    `From: <sip:${PROBE}@edge.example.com>;tag=probe`,
    `To: <sip:${PROBE}@edge.example.com>`,
    `Call-ID: probe-${port}-${attempt}@127.0.0.1`,
    'CSeq: 1 REGISTER',
    `Contact: <sip:${PROBE}@127.0.0.1:${port}>`,
    'Expires: 0',
    'Supported: path',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
