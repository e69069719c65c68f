import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asteriskFolder, runningAsterisk } from './asterisk/unpacked.ts';
import { type Background, runToEnd, startBackground } from './background-process.ts';
import { ownAddress, ownPorts } from './own-address.ts';

export interface AsteriskOptions {
  /** `address:port` where the gate listens for the PBX: the way out to trunks. */
  readonly edge?: string;
  readonly address?: string;
  readonly port?: number;
  /** Whether it keeps the Path of a REGISTER; without, Path is silently dropped. */
  readonly supportPath?: boolean;
  /** Seconds between its OPTIONS to each registered contact; 0 for none. */
  readonly qualifySeconds?: number;
  /** More than one rings them all; at the limit the newest replaces the oldest. Default 1. */
  readonly contactsPerExtension?: number;
  /** Whether it believes whom phones say they are in P-Asserted-Identity, as FreePBX has it. */
  readonly trustsPhones?: boolean;
  /** The value of X-Edge-Secret by which it knows calls that the gate brings from a trunk. */
  readonly edgeSecret?: string;
}

/** The extensions it knows, each with the password `secret` and its number. */
const extensions = Array.from({ length: 10 }, (_, index) => String(1001 + index));

export interface Asterisk {
  readonly address: string;
  readonly port: number;
  /** How the gate is told to reach it. */
  readonly uri: string;
  /** One command of its own console; its answer. */
  cli(command: string): Promise<string>;
  /** Everything it printed since it was last started. */
  log(): string;
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Starts it again after `stop` or `kill`, with the registrations it had. */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Ends it and deletes its files. */
  close(): Promise<void>;
}

const templates = new URL('./asterisk/', import.meta.url);

/** Files Asterisk wants to find even when there is nothing to say. */
const emptyFiles = [
  ...['acl', 'ccss', 'cdr', 'cel', 'cli', 'features', 'http', 'manager', 'musiconhold'],
  ...['stasis', 'udptl'],
];

/** A real Asterisk with extensions 1001 to 1010, ready to be spoken to when this resolves. */
export async function startAsterisk(options: AsteriskOptions = {}): Promise<Asterisk> {
  const { address = ownAddress(), port = ownPorts.sip } = options;
  const run = mkdtempSync(join(tmpdir(), 'asterisk-'));
  for (const folder of ['etc', 'lib/keys', 'agi', 'spool', 'run', 'log'])
    mkdirSync(join(run, folder), { recursive: true });
  writeConfiguration(run, { ...options, address, port });

  const { loader, libraryPath, program } = runningAsterisk();
  const asterisk = ['--library-path', libraryPath, program];
  const configuration = ['-C', join(run, 'etc/asterisk.conf')];
  let process: Background;
  const start = async () => {
    process = startBackground('asterisk', loader, [...asterisk, '-f', ...configuration], {
      cwd: run,
    });
    await process.prints('Asterisk Ready.', 20_000);
  };
  await start();

  return {
    address,
    port,
    uri: `sip:${address}:${port}`,
    cli: (command) =>
      runToEnd('asterisk -rx', loader, [...asterisk, ...configuration, '-rx', command]),
    log: () => process.output(),
    stop: () => process.stop(),
    kill: () => process.kill(),
    start,
    async restart() {
      await process.stop();
      await start();
    },
    async close() {
      await process.kill();
      rmSync(run, { recursive: true, force: true });
    },
  };
}

function writeConfiguration(
  run: string,
  options: AsteriskOptions & { readonly address: string; readonly port: number },
): void {
  const values: Readonly<Record<string, string>> = {
    ROOT: asteriskFolder,
    MODULES: runningAsterisk().modules,
    RUN: run,
    ADDRESS: options.address,
    PORT: String(options.port),
    EDGE: options.edge ?? `127.0.0.1:${ownPorts.sip}`,
    EDGE_SECRET: options.edgeSecret ?? 'edge-secret',
    TRUSTS_PHONES: options.trustsPhones === true ? 'yes' : 'no',
    SUPPORT_PATH: options.supportPath === false ? 'no' : 'yes',
    MAX_CONTACTS: String(options.contactsPerExtension ?? 1),
    QUALIFY: String(options.qualifySeconds ?? 0),
    EXTENSIONS: extensions.map(extensionSections).join('\n'),
    HINTS: extensions
      .map((extension) => `exten => ${extension},hint,PJSIP/${extension}`)
      .join('\n'),
  };
  for (const file of readdirSync(templates).filter((name) => name.endsWith('.conf'))) {
    const template = readFileSync(new URL(file, templates), 'utf8');
    const filled = template.replace(/@([A-Z_]+)@/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`${file} asks for ${name}`);
      return value;
    });
    writeFileSync(join(run, 'etc', file), filled);
  }
  for (const name of emptyFiles) writeFileSync(join(run, 'etc', `${name}.conf`), '');
}

const extensionSections = (extension: string) => `
[${extension}](extension)
aors=${extension}
auth=${extension}-auth
callerid="Extension ${extension}" <${extension}>
[${extension}](extension-aor)
[${extension}-auth](extension-auth)
username=${extension}
password=secret${extension}`;
