import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBackground } from './background-process.ts';
import { ownAddress } from './own-address.ts';

/** Where `scripts/fetch-prometheus.ts` unpacks it: the programs themselves. */
export const prometheusFolder = fileURLToPath(new URL('../../.cache/prometheus', import.meta.url));

const PORT = 29_090;

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

export interface Prometheus {
  /** What it answers to a question of its API; rejects when it refuses. */
  ask(path: string): Promise<unknown>;
  /** The values of the series that a query finds. */
  query(expression: string): Promise<readonly number[]>;
  /** Of each rule whether its last evaluation went well. */
  rulesHealth(): Promise<ReadonlyMap<string, string>>;
  /** The names of the alerts whose condition holds, for however short a time. */
  alerting(): Promise<readonly string[]>;
  close(): Promise<void>;
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly name: string; readonly health: string }[];
  }[];
}
interface Alerts {
  readonly alerts: readonly { readonly labels: { readonly alertname: string } }[];
}

/** A real Prometheus with this configuration, on an address of its own; ready when this resolves. */
export async function startPrometheus(configuration: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, configuration);
  const where = `${ownAddress()}:${PORT}`;
  const server = startBackground('prometheus', join(prometheusFolder, 'prometheus'), [
    ...[`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`],
    `--web.listen-address=${where}`,
  ]);
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://${where}/api/v1/${path}`);
    const said = (await answer.json()) as { readonly status: string; readonly data: unknown };
    if (said.status !== 'success') throw new Error(`${path}: ${JSON.stringify(said)}`);
    return said.data;
  };
  await server.prints('Server is ready to receive web requests', 30_000);
  return {
    ask,
    async query(expression) {
      const data = await ask(`query?query=${encodeURIComponent(expression)}`);
      const { result } = data as {
        readonly result: readonly { readonly value: [number, string] }[];
      };
      return result.map(({ value }) => Number(value[1]));
    },
    async rulesHealth() {
      const { groups } = (await ask('rules')) as Rules;
      return new Map(
        groups.flatMap(({ rules }) => rules.map(({ name, health }) => [name, health])),
      );
    },
    async alerting() {
      const found = (await ask('alerts')) as Alerts;
      return found.alerts.map(({ labels }) => labels.alertname);
    },
    async close() {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
