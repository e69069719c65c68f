import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { askGate } from '../../src/control/ask.ts';
import type { ProcessStatus } from '../../src/control/control-messages.ts';
import { dataDirectoryAt } from '../../src/control/data-directory.ts';
import { type Background, runToEnd, startBackground } from './background-process.ts';
import { ownAddress, ownPorts } from './own-address.ts';
import type { Place } from './sip-wire.ts';

export interface GateOptions {
  /** `sip:address:port`, one or more PBX nodes. */
  readonly pbx: string | readonly string[];
  readonly address?: string;
  /** The drachtio-server that carries SIP for it: then it has no listeners of its own. */
  readonly drachtio?: Place;
  /** By default on all transports; or as `routes/listeners.yaml` says. */
  readonly listen?: 'as written';
  /** By default on the address, whatever `routes/gate.yaml` says. */
  readonly http?: 'as written';
  /** Any setting by its key: `{ 'pbx.registration.toward': 'path' }`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** The rules as they ship, or none of them (the default): then everything gets through to the PBX. */
  readonly rules?: 'shipped' | 'off';
  /** Further flags, as on the command line. */
  readonly flags?: readonly string[];
  /** Files of `routes/` in place of those shipped. */
  readonly routes?: Readonly<Record<string, string>>;
  /** Files of `policies/` in place of those shipped. */
  readonly policies?: Readonly<Record<string, string>>;
  readonly environment?: NodeJS.ProcessEnv;
  /** How many files the system lets it have open. */
  readonly mostFiles?: number;
  /** The words of a program that runs it: `ip netns exec …`. */
  readonly through?: readonly string[];
  /** State to start with or to leave behind; by default a folder of its own, deleted by `close`. */
  readonly data?: string;
}

export interface Gate {
  readonly address: string;
  readonly udp: Place;
  readonly tcp: Place;
  readonly tls: Place;
  readonly ws: Place;
  readonly wss: Place;
  /** Where call programs connect, if `routes` lets them. */
  readonly programs: Place;
  /** Where /metrics, /healthz and /readyz are. */
  readonly http: string;
  readonly data: string;
  readonly pid: number;
  /** Everything it printed since it was last started. */
  logs(): string;
  /** The text of /metrics. */
  metrics(): Promise<string>;
  /** What `drawbridge status` is told: much sooner than by a process that asks. */
  told(): Promise<ProcessStatus>;
  /** What `drawbridge status` prints, with these flags. */
  status(...flags: readonly string[]): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when the process is gone, with its exit code (null: killed by a signal). */
  ended(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** SIGTERM, and at once again: it ends without waiting for calls. */
  stop(): Promise<void>;
  /** As a crash: nothing is written, nobody is told. */
  kill(): Promise<void>;
  /** Starts it again, on the same ports and with the state it left, after `stop` or `kill`. */
  start(): Promise<void>;
  /** Kills it, and starts it again. */
  restart(): Promise<void>;
  /** Ends it and deletes its state. */
  close(): Promise<void>;
}

/** Other tests may take all of the machine's time meanwhile; a gate would take that for an overload of its own. */
const sharedMachine = ['--set', 'network.overload.busyPercent=100'];

const checkout = fileURLToPath(new URL('../../', import.meta.url));

/** The real process on an address of its own, ready to serve when this resolves. */
export async function startGate(options: GateOptions): Promise<Gate> {
  const { address = ownAddress(), settings = {}, flags = [], rules = 'off' } = options;
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'drawbridge-'));
  const routes = options.routes && folderWith('routes', options.routes);
  const policies = options.policies && folderWith('policies', options.policies);
  const at = (port: number): Place => ({ address, port });
  const http = `${address}:${ownPorts.http}`;
  const nodes = typeof options.pbx === 'string' ? [options.pbx] : options.pbx;
  const listeners = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const;
  const places = {
    udp: at(ownPorts.sip),
    tcp: at(ownPorts.sip),
    tls: at(ownPorts.sips),
    ws: at(ownPorts.ws),
    wss: at(ownPorts.wss),
    programs: at(ownPorts.programs),
  };
  const args = [
    ...['src/main.ts', 'run', '--data', data],
    ...(options.http === 'as written' ? [] : ['--http', http]),
    ...(routes === undefined ? [] : ['--routes', routes]),
    ...(policies === undefined ? [] : ['--policies', policies]),
    ...nodes.flatMap((uri) => ['--pbx', uri]),
    ...(options.listen === 'as written'
      ? []
      : options.drachtio === undefined
        ? listeners.flatMap((one) => ['--listen', `${one}:${address}:${places[one].port}`])
        : ['--drachtio', `${options.drachtio.address}:${options.drachtio.port}`]),
    ...(rules === 'off' ? ['--set', 'site.rules=off'] : sharedMachine),
    // the kernel is everybody's here; a test whose gate has a network of its own says so in its settings
    ...['--set', 'kernel.mode=off'],
    ...Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
    ...flags,
  ];

  const { execPath } = globalThis.process;
  const limited =
    options.mostFiles === undefined ? [] : ['prlimit', `--nofile=${options.mostFiles}`];
  const [program = execPath, ...words] = [
    ...(options.through ?? []),
    ...limited,
    execPath,
    ...args,
  ];
  let process: Background;
  const start = async () => {
    process = startBackground('the gate', program, words, {
      cwd: checkout,
      ...(options.environment !== undefined && { environment: options.environment }),
    });
    await ready(process, `http://${http}/readyz`);
  };
  await start();

  return {
    address,
    ...places,
    http,
    data,
    get pid() {
      return process.pid;
    },
    logs: () => process.output(),
    async metrics() {
      const page = await fetch(`http://${http}/metrics`);
      const text = await page.text();
      if (!page.ok) throw new Error(`/metrics: ${page.status} ${text}`);
      return text;
    },
    told: () => askGate(dataDirectoryAt(data).socket, { command: 'status', rows: 20 }),
    status: (...more) =>
      runToEnd(
        'drawbridge status',
        globalThis.process.execPath,
        ['src/main.ts', 'status', '--data', data, ...more],
        { cwd: checkout },
      ),
    signal: (signal) => process.signal(signal),
    ended: () => process.ended(),
    async stop() {
      process.signal('SIGTERM');
      await sleep(50);
      await process.stop();
    },
    kill: () => process.kill(),
    start,
    async restart() {
      await process.kill();
      await start();
    },
    async close() {
      await process.kill();
      if (options.data === undefined) rmSync(data, { recursive: true, force: true });
      for (const folder of [routes, policies])
        if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The shipped folder with some files replaced. */
function folderWith(name: 'routes' | 'policies', files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), `drawbridge-${name}-`));
  cpSync(join(checkout, name), folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

/** Until it says that it serves and its PBX answers. */
async function ready(process: Background, url: string, within = 30_000): Promise<void> {
  const giveUpAt = performance.now() + within;
  for (;;) {
    if (!process.running) throw new Error(`the gate ended at once:\n${process.output()}`);
    const said = await fetch(url).catch(() => undefined);
    const text = await said?.text();
    if (said?.ok === true) return;
    if (performance.now() > giveUpAt) {
      await process.kill();
      throw new Error(`not ready in ${within} ms: ${text ?? 'no answer'}\n${process.output()}`);
    }
    await sleep(50);
  }
}
