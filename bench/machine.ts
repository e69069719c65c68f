import { cpus, release, totalmem } from 'node:os';
import { packageVersion } from './debian-packages.ts';
import type { Options } from './options.ts';

/** The head of a results file: when, on what, with which versions and how. */
export function machineAndVersions(options: Options, now = new Date()): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const versions = [`node ${process.version}`, `Linux ${release()}`];
  if (options.beside.includes('kamailio')) versions.push(`kamailio ${packageVersion('kamailio')}`);
  const { seconds, repeats, only } = options;
  return `# Results of the benchmarks

- Date: ${now.toISOString().slice(0, 10)}
- Versions: ${versions.join(', ')}
- Machine: ${processors.length} CPUs (${processors[0]?.model.trim() ?? 'unknown'}), ${memory} GiB
- Method: ${only.join(', ')}; runs of ${seconds} s, each done ${repeats} times in turn on every edge; figures are
  the median [least..most]. Everything over 127.0.0.1; edge, load generator and PBX share the machine.
  [README.md](README.md) says what each figure means.
`;
}
