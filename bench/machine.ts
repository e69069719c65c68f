import { cpus, release, totalmem } from 'node:os';
import { packageVersion } from './debian-packages.ts';
import type { Options } from './options.ts';

/** When, on what, with which versions and by which method something was measured. */
export function howMeasured(options: Options, method: string, now = new Date()): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const versions = [`node ${process.version}`, `Linux ${release()}`];
  if (options.beside.includes('kamailio')) versions.push(`kamailio ${packageVersion('kamailio')}`);
  return `${now.toISOString().slice(0, 10)}, ${processors.length} CPUs (${processors[0]?.model.trim() ?? 'unknown'}), ${memory} GiB; ${versions.join(', ')}.
${method} Everything over 127.0.0.1; edge, load generator and PBX share the machine.`;
}

/** The method of what is measured again and again. */
export const inRuns = ({ seconds, repeats }: Options): string =>
  `Runs of ${seconds} s, each done ${repeats} times in turn on every edge.`;
