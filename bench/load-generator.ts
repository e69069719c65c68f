import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { requirePrograms } from './debian-packages.ts';

const sources = join(import.meta.dirname, 'load');
const cache = join(import.meta.dirname, '..', '.cache', 'bench');

/** Warnings are errors of ours, but a newer compiler must not stop anyone from measuring. */
const flags = ['-O2', '-std=gnu11', '-Wall', '-Wextra'];

/** The compiled load generator; compiled anew when its sources change. */
export function buildLoadGenerator(extraFlags: readonly string[] = []): string {
  const files = readdirSync(sources).filter((name) => /\.[ch]$/.test(name));
  const digest = createHash('sha256').update(JSON.stringify([flags, extraFlags]));
  for (const name of files) digest.update(name).update(readFileSync(join(sources, name)));
  const program = join(cache, `sipload-${digest.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;

  requirePrograms(['gcc'], ['gcc', 'libc6-dev']);
  mkdirSync(cache, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  const units = files.filter((name) => name.endsWith('.c')).map((name) => join(sources, name));
  execFileSync('gcc', [...flags, ...extraFlags, '-o', unfinished, ...units], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  renameSync(unfinished, program);
  return program;
}

const latencies = z.object({
  count: z.number(),
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
});

const clientResult = z.object({
  mode: z.string(),
  seconds: z.number(),
  started: z.number(),
  done: z.number(),
  failed: z.number(),
  timedOut: z.number(),
  /** Of all begun, the part that was answered 2xx. */
  success: z.number(),
  perSecond: z.number(),
  retransmissions: z.number(),
  unexpected: z.number(),
  altered: z.number(),
  latency: z.partialRecord(z.enum(['ringing', 'answer', 'request', 'bye']), latencies),
  statuses: z.record(z.string(), z.number()),
  cpuSeconds: z.number(),
});
export type ClientResult = z.infer<typeof clientResult>;

const heldEvent = z.object({ event: z.enum(['held', 'closing']), calls: z.number() });
export type HeldEvent = z.infer<typeof heldEvent>;

/** What a line of a client's output says; undefined when it is not one of ours. */
export function readClientLine(line: string): ClientResult | HeldEvent | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const read = z.union([clientResult, heldEvent]).safeParse(json);
  return read.success ? read.data : undefined;
}

export interface Uas {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** The PBX behind the edge: answers every request, on a port the system chose. */
export async function startUas(program: string, options: readonly string[] = []): Promise<Uas> {
  const child = spawn(program, ['uas', '--bind', '127.0.0.1:0', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = whenEnded(child);
  const lines = createInterface({ input: child.stdout });
  const { promise: first, resolve } = Promise.withResolvers<string>();
  lines.once('line', resolve);
  const line = await Promise.race([first, ended.then(() => '')]);
  const listening = z.object({ port: z.number() }).safeParse(JSON.parse(line || 'null'));
  if (!listening.success || child.pid === undefined) throw new Error('sipload uas did not start');
  return {
    pid: child.pid,
    port: listening.data.port,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

export interface RunningClient {
  readonly pid: number;
  readonly result: Promise<ClientResult>;
}

/** Runs a client: one of the generator's modes with its options. */
export function startClient(
  program: string,
  args: readonly string[],
  onEvent: (event: HeldEvent) => void = () => {},
): RunningClient {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let result: ClientResult | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const read = readClientLine(line);
    if (read && 'event' in read) onEvent(read);
    else result = read ?? result;
  });
  return {
    pid: child.pid ?? 0,
    result: whenEnded(child).then((code) => {
      if (result) return result;
      throw new Error(`${[program, ...args].join(' ')} ended with ${code} and no result`);
    }),
  };
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function whenEnded(child: ChildProcess): Promise<number | null> {
  running.add(child);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', (code) => {
    running.delete(child);
    resolve(code);
  });
  return promise;
}
