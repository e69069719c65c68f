import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { prometheusFolder } from '../test/support/prometheus.ts';

/**
 * Unpacks Debian's Prometheus, with promtool, into the cache. Installed, the package would bring a service that starts
 * at once on port 9090; unpacked it is two programs that need nothing but the C library. Root is not needed.
 */
export function fetchPrometheus(): void {
  if (existsSync(prometheusFolder)) return;
  console.log('fetching Prometheus');
  const work = mkdtempSync(join(tmpdir(), 'fetch-prometheus-'));
  try {
    const download = () => run(work, 'apt-get', '-qq', 'download', 'prometheus');
    // the package lists of a fresh image are empty, and old ones name files the mirror no longer has
    const problem = download() && (run(work, 'apt-get', '-qq', 'update') ?? download());
    const [file] = readdirSync(work).filter((name) => name.endsWith('.deb'));
    if (file === undefined)
      throw new Error(
        `apt-get could not download prometheus; its lists are root's to update:\n${problem}`,
      );

    const unpacked = join(work, 'unpacked');
    const broken = run(work, 'dpkg-deb', '--extract', file, unpacked);
    if (broken !== undefined) throw new Error(`prometheus could not be unpacked:\n${broken}`);
    // beside its final place, so that the last step is one rename
    const beside = `${prometheusFolder}.${process.pid}`;
    mkdirSync(dirname(beside), { recursive: true });
    const copied = run(work, 'cp', '-r', join(unpacked, 'usr/bin'), beside);
    if (copied !== undefined) throw new Error(copied);
    renameSync(beside, prometheusFolder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What it complains about, or nothing when it succeeds. */
function run(cwd: string, program: string, ...words: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(program, words, {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  return status === 0 ? undefined : (error?.message ?? stderr);
}
