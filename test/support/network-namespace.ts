import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';

export interface NetworkNamespace {
  /** What is behind them runs in there. */
  readonly through: readonly string[];
  /** Where whoever is in there is reached. */
  readonly address: string;
  readonly address6: string;
  /** Addresses of ours from which it is reached, as many as there may be. */
  outside(number: number): string;
  outside6(number: number): string;
  /** Runs a program in there to its end, and says what it printed. */
  run(...words: readonly string[]): string;
  /** The ids of the processes in there that run this program. */
  processes(program: string): readonly number[];
  close(): void;
}

/** Network namespaces are root's to make. */
export const mayMakeNetworks = process.getuid?.() === 0;

const OUTSIDE = 40;
let made = 0;

/**
 * A network of its own for a gate, and a cable to it: rules in its kernel meet nobody else. The addresses are those of
 * RFC 2544, which are for such tests, and unique local ones.
 */
export function aNetworkNamespace(): NetworkNamespace {
  const name = `drawbridge-${process.pid}-${threadId}-${made++}`;
  const number = freeNumber(name);
  const [here, there] = [cable(number), 'gate'];
  const base = `198.${18 + (number >> 8)}.${number & 255}`;
  const base6 = `fd00:2544:${number.toString(16)}`;
  const through = ['ip', 'netns', 'exec', name];
  const outside = (one: number): string => `${base}.${1 + (one % OUTSIDE)}`;
  // each in a /64 of its own, so that they are as many sources
  const outside6 = (one: number): string => `${base6}:${(1 + (one % OUTSIDE)).toString(16)}::1`;
  const address = `${base}.250`;
  const address6 = `${base6}:ffff::1`;

  let closed = false;

  const all = Array.from({ length: OUTSIDE }, (_, one) => one);
  ipAll([
    `link set ${here} up`,
    ...all.map((one) => `address add ${outside(one)}/24 dev ${here}`),
    ...all.map((one) => `address add ${outside6(one)}/48 dev ${here} nodad`),
  ]);
  ipAll(
    [
      'link set lo up',
      `link set ${there} up`,
      `address add ${address}/24 dev ${there}`,
      `address add ${address6}/48 dev ${there} nodad`,
    ],
    '-n',
    name,
  );
  return {
    ...{ through, address, address6, outside, outside6 },
    run: (...words) => run('ip', 'netns', 'exec', name, ...words),
    processes: (program) =>
      run('ip', 'netns', 'pids', name)
        .split('\n')
        .filter((pid) => pid !== '' && nameOf(pid) === program)
        .map(Number),
    close() {
      if (closed) return;
      closed = true;
      ip('link', 'delete', here);
      ip('netns', 'delete', name);
    },
  };
}

/** Makes the namespace and the cable to it, by a number that nobody else here has a cable by. */
function freeNumber(name: string): number {
  ip('netns', 'add', name);
  for (let tries = 0; ; tries++) {
    const number = (process.pid * 7 + threadId * 3 + made + tries * 31) % 500;
    try {
      ip('link', 'add', cable(number), 'type', 'veth', 'peer', 'name', 'gate', 'netns', name);
      return number;
    } catch (problem) {
      if (tries < 100 && String(problem).includes('File exists')) continue;
      ip('netns', 'delete', name);
      throw problem;
    }
  }
}

const cable = (number: number): string => `drawbridge${number}`;

const ip = (...words: readonly string[]): string => run('ip', ...words);

/** Many at once: a process for each would take a second. */
function ipAll(orders: readonly string[], ...words: readonly string[]): void {
  const input = orders.join('\n');
  const { status, stderr } = spawnSync('ip', [...words, '-batch', '-'], {
    encoding: 'utf8',
    input,
  });
  if (status !== 0) throw new Error(`ip -batch: ${stderr}`);
}

/** Empty when it has ended meanwhile. */
function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

function run(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    maxBuffer: 100_000_000,
  });
  if (status !== 0) throw new Error(`${[program, ...words].join(' ')}: ${stderr}`);
  return stdout;
}
