import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where `scripts/fetch-prometheus.ts` unpacks it: the programs themselves. */
export const prometheusFolder = fileURLToPath(new URL('../../.cache/prometheus', import.meta.url));

/** Runs promtool to its end; says what it printed, whichever way, and whether it is content. */
export function promtool(
  words: readonly string[],
  input = '',
): { readonly content: boolean; readonly said: string } {
  const { status, stdout, stderr, error } = spawnSync(join(prometheusFolder, 'promtool'), words, {
    input,
    encoding: 'utf8',
  });
  return { content: status === 0, said: error?.message ?? stdout + stderr };
}
