import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirePrograms } from '../debian-packages.ts';
import { type EdgeKind, type Endpoint, written } from './edge.ts';
import { startEdgeProcess } from './edge-process.ts';
import { freeTcpPort, freeUdpPort } from './free-port.ts';

const templates = join(import.meta.dirname, '..', 'kamailio');

/**
 * Shared and private memory in MB, and room for bursts in the receive buffer. tlsf, because the default
 * allocator searches long in a large pool and doubles the CPU of a call.
 */
const tuning = ['-m', '4096', '-M', '32', '-x', 'tlsf', '-X', 'tlsf', '-b', '4194304'];

interface Place {
  readonly udp: Endpoint;
  readonly tls: Endpoint;
  /** From here nobody is banned, however much comes. */
  readonly trusted: string;
}

const somewhere = async (): Promise<Place> => ({
  udp: await freeUdpPort(),
  tls: await freeTcpPort(),
  trusted: '127.0.0.1',
});

/** Debian's Kamailio as an edge, tuned; installed on the way when that is allowed. */
export function kamailio(place?: Place): EdgeKind {
  return {
    name: 'kamailio',
    async start(pbx) {
      requirePrograms(['kamailio', 'openssl'], ['kamailio', 'kamailio-tls-modules', 'openssl']);
      const folder = mkdtempSync(join(tmpdir(), 'bench-kamailio-'));
      const { udp, tls, trusted } = place ?? (await somewhere());
      makeCertificate(folder);
      for (const name of ['edge.cfg', 'tls.cfg']) {
        const template = readFileSync(join(templates, name), 'utf8');
        const text = fillInTemplate(template, {
          UDP: written(udp),
          TLS: written(tls),
          PBX: written(pbx),
          TRUSTED: trusted,
          DIR: folder,
          MODULES: modulesFolder(),
        });
        writeFileSync(join(folder, name), text);
      }
      const command = [
        '/usr/sbin/kamailio',
        '-DD',
        '-E',
        '-f',
        join(folder, 'edge.cfg'),
        '-w',
        folder,
      ];
      const running = await startEdgeProcess([...command, ...tuning], folder, udp);
      return {
        name: 'kamailio',
        pid: running.pid,
        udp,
        tls,
        http: undefined,
        assertAlive: running.assertAlive,
        async stop() {
          await running.stop();
          rmSync(folder, { recursive: true, force: true });
        },
      };
    },
  };
}

/** Puts values in place of `@NAME@`; a name without a value is an error, not an empty word. */
export function fillInTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/@([A-Z]+)@/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the template asks for ${whole}, which has no value`);
    return value;
  });
}

/** P-256, as the gate makes for itself. */
function makeCertificate(folder: string): void {
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '30', '-subj', '/CN=edge.example.com'],
      ...['-keyout', join(folder, 'ec.key'), '-out', join(folder, 'ec.pem')],
    ],
    { stdio: 'ignore' },
  );
}

function modulesFolder(): string {
  const candidates = readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/kamailio/modules/`);
  const found = candidates.find((folder) => existsSync(`${folder}tm.so`));
  if (!found) throw new Error('Kamailio is installed, but its modules are not under /usr/lib');
  if (!existsSync(`${found}tls.so`)) throw new Error('tls.so is missing: kamailio-tls-modules');
  return found;
}
