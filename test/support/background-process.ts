import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Background {
  readonly name: string;
  readonly pid: number;
  /** Everything it printed so far, both streams as they came. */
  output(): string;
  /** Resolves once this stands in the output; rejects with the output when it dies first, or in time. */
  prints(what: string | RegExp, within?: number): Promise<void>;
  /** Resolves with how it ended. */
  ended(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly running: boolean;
  signal(signal: NodeJS.Signals): void;
  /** Asks it to end, and makes it end if it does not. */
  stop(within?: number): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

const alive = new Set<ChildProcess>();

/** The gate and its command line are started hundreds of times: what Node compiled for one serves the next. */
const compiled = { NODE_COMPILE_CACHE: join(import.meta.dirname, '../../.cache/node') };

export interface BackgroundOptions {
  readonly cwd?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Starts a program that runs beside the test and does not outlive it. */
export function startBackground(
  name: string,
  command: string,
  args: readonly string[],
  { cwd, environment }: BackgroundOptions = {},
): Background {
  // The kernel ends it with us, however we end: a test runner that is killed runs no clean-up.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
    env: { ...compiled, ...process.env, ...environment },
  });
  alive.add(child);
  let output = '';
  const news = new Set<() => void>();
  const tell = () => {
    for (const wake of news) wake();
  };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      tell();
    });
  child.on('error', (problem) => {
    output += `${problem.message}\n`;
  });
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => {
      alive.delete(child);
      resolve();
      tell();
    });
  });
  const running = () => child.exitCode === null && child.signalCode === null && alive.has(child);

  return {
    name,
    pid: child.pid ?? 0,
    output: () => output,
    get running() {
      return running();
    },
    async prints(what, within = 20_000) {
      const printed = () => (typeof what === 'string' ? output.includes(what) : what.test(output));
      const giveUpAt = performance.now() + within;
      while (!printed()) {
        const left = giveUpAt - performance.now();
        if (!running()) throw new Error(`${name} ended before it printed ${what}:\n${output}`);
        if (left <= 0) throw new Error(`${name} did not print ${what} in ${within} ms:\n${output}`);
        let wake = () => {};
        const heard = new Promise<void>((resolve) => {
          wake = resolve;
        });
        news.add(wake);
        await Promise.race([heard, sleep(Math.min(left, 250))]);
        news.delete(wake);
      }
    },
    async ended() {
      await closed;
      return { code: child.exitCode, signal: child.signalCode };
    },
    signal: (signal) => void child.kill(signal),
    async stop(within = 5000) {
      if (!running()) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), within);
      await closed;
      clearTimeout(timer);
    },
    async kill() {
      if (!running()) return;
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** Runs a program to its end; rejects with what it printed when it fails. */
export async function runToEnd(
  name: string,
  command: string,
  args: readonly string[],
  { within = 30_000, ...options }: BackgroundOptions & { readonly within?: number } = {},
): Promise<string> {
  const child = startBackground(name, command, args, options);
  const timer = setTimeout(() => child.signal('SIGKILL'), within);
  const { code, signal } = await child.ended();
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${name} ended with ${signal ?? code}:\n${child.output()}`);
  return child.output();
}
