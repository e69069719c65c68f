import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { largeSite, writeLargePolicy } from '../../test/support/large-policy.ts';
import { userName } from '../users.ts';
import { type EdgeKind, type Endpoint, written } from './edge.ts';
import { startEdgeProcess } from './edge-process.ts';
import { freeTcpPort, freeUdpPort } from './free-port.ts';
import { judgingFlags, withoutRules } from './rule-flags.ts';

const program = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

const overDrachtio = join(import.meta.dirname, 'over-drachtio.ts');

const ours = [
  ...[process.execPath, program, 'run', '--pbx', 'sip:{pbx}', '--data', '{data}'],
  ...['--listen', 'udp:{udp}', '--listen', 'tls:{tls}', '--http', '{http}'],
];

/** The gate as an operator runs it, every rule judging; or another program, given as a command. */
export const gate = (command?: string): EdgeKind =>
  command === undefined
    ? edgeOf('gate', [...ours, ...judgingFlags('{port}')], true)
    : edgeOf('edge', command.trim().split(/\s+/), false);

export const gateWithoutRules = (): EdgeKind =>
  edgeOf('rules-off', [...ours, ...withoutRules], true);

/** The gate as it runs at a site as large as it is meant to bear; the load's users are its extensions. */
export const gateOfLargeSite = (): EdgeKind => ({
  ...edgeOf(
    'large-policy',
    [...ours, '--policies', '{data}/policies', ...judgingFlags('{port}')],
    true,
    (data) => writeLargePolicy(join(data, 'policies'), { extension: userName }),
  ),
  users: largeSite.extensions,
  timesFirst: 1.1,
});

/** The gate on the protocol port of another one that has the sockets: two processes, both counted. */
export const gateOverDrachtio = (): EdgeKind => edgeOver('adapter', 'gate');

/** The same on a drachtio-server, which is called `program`. */
export const gateOnDrachtioServer = (program: string): EdgeKind =>
  edgeOver('drachtio-server', program);

const edgeOver = (name: string, server: string): EdgeKind =>
  edgeOf(
    name,
    [process.execPath, overDrachtio, server, '{udp}', '{tls}', '{pbx}', '{http}', '{data}'],
    true,
  );

function edgeOf(
  name: string,
  template: readonly string[],
  hasMetrics: boolean,
  prepare: (data: string) => void = () => {},
): EdgeKind {
  return {
    name,
    async start(pbx: Endpoint) {
      const data = mkdtempSync(join(tmpdir(), 'bench-gate-'));
      const [udp, tls, http] = [await freeUdpPort(), await freeTcpPort(), await freeTcpPort()];
      const values = {
        udp: written(udp),
        tls: written(tls),
        http: written(http),
        data,
        port: String(udp.port),
      };
      const filled = template.map((word) => fillIn(word, { ...values, pbx: written(pbx) }));
      prepare(data);
      const running = await startEdgeProcess(filled, data, udp);
      return {
        name,
        pid: running.pid,
        udp,
        tls,
        http: hasMetrics ? http : undefined,
        assertAlive: running.assertAlive,
        async stop() {
          await running.stop();
          rmSync(data, { recursive: true, force: true });
        },
      };
    },
  };
}

/** Puts values in place of `{name}`; a name that is not known stays as it is. */
export function fillIn(word: string, values: Readonly<Record<string, string>>): string {
  return word.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
