import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';

export interface Nft {
  readonly ok: boolean;
  readonly output: string;
  /** What it complained about; empty when all is well. */
  readonly problem: string;
  readonly tookMs: number;
}

/** `nft` stands in folders that a service's PATH may lack, and keeps a history of what it is told where it finds a HOME. */
export const nftEnvironment = (): Readonly<Record<string, string>> => ({
  // biome-ignore lint/style/noProcessEnv: where programs are is no setting of ours
  PATH: [process.env.PATH, '/usr/sbin', '/sbin'].filter(Boolean).join(delimiter),
  HOME: '/nonexistent',
  LC_ALL: 'C',
});

/** Runs `nft` to its end: it takes 3 ms, which a single change need not. `input` is one transaction. Never rejects. */
export function runNft(args: readonly string[], input: Iterable<string> = []): Promise<Nft> {
  const begun = performance.now();
  return new Promise((resolve) => {
    const child = spawn('nft', args, { stdio: 'pipe', env: nftEnvironment(), detached: true });
    const output: Buffer[] = [];
    let problem = '';
    const ended = (ok: boolean): void => {
      const text = Buffer.concat(output).toString();
      resolve({ ok, output: text, problem: problem.trim(), tookMs: performance.now() - begun });
    };
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      problem += chunk;
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      problem = error.code === 'ENOENT' ? 'nft is not installed' : error.message;
      ended(false);
    });
    child.on('close', (code) => ended(code === 0));
    child.stdin.on('error', () => {}); // it ended before it had read all: its exit code says why
    for (const part of input) child.stdin.write(part);
    child.stdin.end();
  });
}

/** The first line of a complaint that says something: the rest points at where in a text that nobody has. */
export function gist(problem: string): string {
  const lines = problem.split('\n').filter((line) => line.trim() !== '');
  const said = lines.find((line) => line.includes('Error: ')) ?? lines[0] ?? 'no reason was given';
  if (/not permitted|permission denied/i.test(problem))
    return 'no right to change it (CAP_NET_ADMIN is missing)';
  return said.replace(/^.*Error: (?:Could not process rule: )?/, '').trim();
}
