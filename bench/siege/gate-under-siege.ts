import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readMetrics } from '../metrics-page.ts';
import { type Besieged, lookAt } from './besieged.ts';
import { GATE } from './field.ts';

const program = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const HTTP = `${GATE}:9464`;
const STARTS_WITHIN_MS = 30_000;

/** The gate with what ships, and what the honest phones of a siege need: calls to Britain. */
export async function startGate(pbxPort: number, kernel: boolean): Promise<Besieged> {
  const data = mkdtempSync(join(tmpdir(), 'siege-'));
  const log = join(data, 'output.log');
  const output = openSync(log, 'a');
  const settings = ['site.homeCountry=GB', `kernel.mode=${kernel ? 'auto' : 'off'}`].flatMap(
    (setting) => ['--set', setting],
  );
  const child = spawn(
    process.execPath,
    [
      ...[program, 'run', '--data', data, '--pbx', `sip:127.0.0.1:${pbxPort}`, '--http', HTTP],
      ...['udp:5060', 'tcp:5060', 'tls:5061'].flatMap((one) => [
        '--listen',
        one.replace(':', `:${GATE}:`),
      ]),
      ...settings,
    ],
    { stdio: ['ignore', output, output] },
  );
  closeSync(output);
  const ended = once(child, 'close');
  let alive = true;
  void ended.then(() => {
    alive = false;
  });
  const { pid } = child;
  const giveUpAt = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    const ready = await fetch(`http://${HTTP}/readyz`).catch(() => undefined);
    if (ready?.ok === true && pid !== undefined) break;
    if (!alive || Date.now() > giveUpAt) {
      child.kill('SIGKILL');
      throw new Error(`the gate does not serve; it said:\n${readFileSync(log, 'utf8')}`);
    }
    await sleep(100);
  }
  return {
    name: 'gate',
    async look() {
      if (!alive) throw new Error(`the gate has died; it said:\n${readFileSync(log, 'utf8')}`);
      return { ...lookAt(pid), metrics: await readMetrics(`http://${HTTP}/metrics`) };
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await sleep(100);
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(late);
      rmSync(data, { recursive: true, force: true });
    },
  };
}
