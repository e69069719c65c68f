import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Background, startBackground } from './background-process.ts';
import { ownAddress, ownPorts } from './own-address.ts';
import type { Place } from './sip-wire.ts';
import { tlsRelay } from './tls-relay.ts';

interface RunOptions {
  /** So many calls that messages are not written down, and that a repeated one, on a busy machine, is no failure. */
  readonly load?: boolean;
  /** How long all of it may take; default 60. */
  readonly withinSeconds?: number;
}

export interface SippOptions extends RunOptions {
  readonly target: Place;
  readonly transport?: 'udp' | 'tcp' | 'tls';
  /** How often the scenario is played, how many times a second and how many at once. */
  readonly calls?: number;
  readonly rate?: number;
  readonly atOnce?: number;
  /** `[user]` in the scenario, and the credentials of its `[authentication]`. */
  readonly as?: { readonly user: string; readonly password: string };
  /** `[service]`: whom it calls. */
  readonly callee?: string;
  readonly address?: string;
  readonly port?: number;
  /** The longest it may wait for any one message. */
  readonly patienceMs?: number;
  /** How long a pause without a length of its own lasts: the talk of `load/call`. */
  readonly holdMs?: number;
  /** Further keywords: `{ tenant: 'a' }` is `[tenant]` in the scenario. */
  readonly keywords?: Readonly<Record<string, string>>;
}

export interface SippServerOptions extends RunOptions {
  readonly address: string;
  readonly port?: number;
  readonly transport?: 'udp' | 'tcp';
  readonly patienceMs?: number;
}

const scenarios = fileURLToPath(new URL('../../sipp-scenarios/', import.meta.url));

/** Plays a scenario of `sipp-scenarios/` as the caller. Rejects, with SIPp's own words, when one call fails. */
export async function sipp(scenario: string, options: SippOptions): Promise<void> {
  const { target, transport = 'udp', calls = 1, rate = 10, atOnce = 50 } = options;
  const { user, password } = options.as ?? { user: '1001', password: 'secret1001' };
  const address = options.address ?? ownAddress();
  const relay = transport === 'tls' ? await tlsRelay(address, target) : undefined;
  const to = relay === undefined ? target : { address, port: relay.port };
  const keywords = Object.entries({ ...options.keywords, user, via: transport.toUpperCase() });
  const run = startSipp(scenario, address, options, [
    ...['-p', String(options.port ?? 5070), '-t', transport === 'udp' ? 'u1' : 't1'],
    ...['-m', String(calls), '-r', String(rate), '-l', String(atOnce)],
    ...['-s', options.callee ?? '1002', '-au', user, '-ap', password],
    ...['-recv_timeout', String(options.patienceMs ?? 5000)],
    ...(options.holdMs === undefined ? [] : ['-d', String(options.holdMs)]),
    ...keywords.flatMap(([name, value]) => ['-key', name, value]),
    `${to.address}:${to.port}`,
  ]);
  try {
    await run.success();
  } finally {
    await relay?.close();
  }
}

export interface SippServer {
  /** Lets its calls end, ends it, and rejects with SIPp's own words when one failed or none came. */
  done(): Promise<void>;
  kill(): Promise<void>;
}

/** Plays a scenario as the called side; it listens when this resolves. */
export async function sippServer(
  scenario: string,
  {
    address,
    port = ownPorts.sip,
    transport = 'udp',
    patienceMs = 5000,
    ...options
  }: SippServerOptions,
): Promise<SippServer> {
  const run = startSipp(scenario, address, options, [
    ...['-p', String(port), '-t', transport === 'udp' ? 'u1' : 't1'],
    ...['-recv_timeout', String(patienceMs), '-key', 'via', transport.toUpperCase()],
  ]);
  await listening(run.process, transport, { address, port });
  return {
    async done() {
      await run.heard(1000);
      run.process.signal('SIGUSR1');
      await run.success();
    },
    kill: () => run.process.kill(),
  };
}

function startSipp(
  scenario: string,
  address: string,
  { load = false, withinSeconds = 60 }: RunOptions,
  args: readonly string[],
) {
  const folder = mkdtempSync(join(tmpdir(), 'sipp-'));
  const [errors, messages] = [join(folder, 'errors'), join(folder, 'messages')];
  const process = startBackground(
    `SIPp ${scenario}`,
    'sipp',
    [
      ...['-sf', join(scenarios, `${scenario}.xml`), '-i', address, '-mi', address],
      ...['-trace_err', '-error_file', errors],
      ...(load
        ? ['-default_behaviors', 'all,-abortunexp']
        : ['-trace_msg', '-message_file', messages]),
      ...['-timeout', `${withinSeconds}s`, '-timeout_error', '-nostdin', '-fd', '1', ...args],
    ],
    { cwd: folder },
  );
  const read = (file: string) => (existsSync(file) ? readFileSync(file, 'latin1') : '');
  return {
    process,
    /** Waits until it has sent or received anything. */
    async heard(within: number): Promise<void> {
      const giveUpAt = performance.now() + within;
      while (read(messages) === '' && performance.now() < giveUpAt) await sleep(10);
    },
    async success(): Promise<void> {
      const { code, signal } = await process.ended();
      const words = `${read(errors).slice(0, 4000)}\n${read(messages).slice(-8000)}`;
      rmSync(folder, { recursive: true, force: true });
      // Told to end, SIPp says 0 even when it never had a call; the last line of its screen tells.
      const played = Number(/Successful call +\|[^|]*\| +(\d+)/.exec(process.output())?.[1] ?? 0);
      if (code === 0 && played > 0) return;
      const what = code === 0 ? 'no call came' : `ended with ${signal ?? code}`;
      throw new Error(
        `SIPp ${scenario}: ${what}\n${words.trim() || process.output().slice(-3000)}`,
      );
    },
  };
}

/** SIPp says nothing when it starts to listen; the kernel's table does. */
async function listening(process: Background, transport: string, at: Place): Promise<void> {
  const octets = at.address.split('.').map(Number).toReversed();
  const hex = (value: number, digits: number) =>
    value.toString(16).toUpperCase().padStart(digits, '0');
  const entry = `${octets.map((octet) => hex(octet, 2)).join('')}:${hex(at.port, 4)}`;
  const giveUpAt = performance.now() + 5000;
  while (!readFileSync(`/proc/net/${transport}`, 'utf8').includes(` ${entry} `)) {
    if (!process.running || performance.now() > giveUpAt)
      throw new Error(`${process.name} does not listen:\n${process.output()}`);
    await sleep(10);
  }
}
