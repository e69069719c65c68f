import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Background, startBackground } from './background-process.ts';
import { ownAddress } from './own-address.ts';

export interface RedisServer {
  readonly address: string;
  readonly port: number;
  /** `redis://address:port`. */
  readonly url: string;
  /** Its unix socket. */
  readonly socket: string;
  /** One command, and its answer as a line or lines of text. */
  ask(...words: readonly string[]): Promise<string>;
  /** `SIGSTOP` makes it slow beyond measure. */
  signal(signal: NodeJS.Signals): void;
  /** As a crash. */
  kill(): Promise<void>;
  /** Again on the same port, and with nothing in it. */
  start(): Promise<void>;
  close(): Promise<void>;
}

const PORT = 26_379;

/** A real Redis on an address of its own that writes nothing to disk; `given` as on its command line. */
export async function startRedis(...given: readonly string[]): Promise<RedisServer> {
  // a configuration file has to come first
  const files = given.filter((one, at) => at === 0 && !one.startsWith('--'));
  const flags = given.slice(files.length);
  const address = ownAddress();
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const socket = join(folder, 'redis.sock');
  const password = flags[flags.indexOf('--requirepass') + 1];
  const secret = flags.includes('--requirepass') && password !== undefined ? ['-a', password] : [];
  let server: Background;
  const ask = async (...words: readonly string[]): Promise<string> => {
    const where = ['-h', address, '-p', String(PORT), '--no-auth-warning', ...secret];
    const asking = startBackground('redis-cli', 'redis-cli', [...where, ...words]);
    const { code } = await asking.ended();
    if (code !== 0) throw new Error(`redis-cli ${words.join(' ')}: ${asking.output()}`);
    return asking.output().trim();
  };
  const start = async () => {
    server = startBackground('redis-server', 'redis-server', [
      ...files,
      ...['--bind', address, '--port', String(PORT), '--unixsocket', socket, '--dir', folder],
      ...['--save', '', '--appendonly', 'no', '--protected-mode', 'no', ...flags],
    ]);
    await answers(server, address);
  };
  await start();
  return {
    ...{ address, port: PORT, url: `redis://${address}:${PORT}`, socket, ask, start },
    signal: (signal) => server.signal(signal),
    kill: () => server.kill(),
    async close() {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(server: Background, address: string): Promise<void> {
  for (const giveUpAt = performance.now() + 10_000; performance.now() < giveUpAt; ) {
    if (!server.running) throw new Error(`redis-server ended at once:\n${server.output()}`);
    if (await connects(address)) return;
    await sleep(20);
  }
  throw new Error(`redis-server does not answer:\n${server.output()}`);
}

const connects = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port: PORT });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
