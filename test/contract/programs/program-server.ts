import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { aPbx } from '../../support/a-pbx.ts';
import { aPhone, type Phone, type PhoneOptions } from '../../support/a-phone.ts';
import { type Background, startBackground } from '../../support/background-process.ts';
import { eventually } from '../../support/eventually.ts';
import { type Gate, startGate } from '../../support/gate-process.ts';
import { ownAddress, ownPorts } from '../../support/own-address.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import type { Place } from '../../support/sip-wire.ts';
import { drachtioServer, type ServerPlace } from '../drachtio-server.ts';

/** What a program said on its stdout: `event` and whatever else. */
export type Said = Readonly<Record<string, unknown>> & { readonly event: string };

/** One of the programs in `apps/`, running. */
export class RunningProgram implements AsyncDisposable {
  readonly process: Background;
  readonly #read = new Set<number>();

  constructor(process: Background) {
    this.process = process;
  }

  said(event?: string): readonly Said[] {
    return this.process
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{"event"') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Said)
      .filter((one) => event === undefined || one.event === event);
  }

  /** The next of these events that was not asked for before. */
  async says(event: string, within = PATIENCE_MS): Promise<Said> {
    const next = () => {
      const all = this.said();
      const at = all.findIndex((one, index) => one.event === event && !this.#read.has(index));
      return at < 0 ? undefined : { at, one: all[at] };
    };
    try {
      await eventually(() => next() !== undefined, `the program says ${event}`, within);
    } catch (problem) {
      throw new Error(`${(problem as Error).message}\n${this.process.output()}`);
    }
    const { at = 0, one } = next() ?? {};
    this.#read.add(at);
    if (one === undefined) throw new Error(`no ${event}`);
    return one;
  }

  /** As a crash: nobody is told. */
  kill(): Promise<void> {
    return this.process.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.kill();
  }
}

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly tags?: string;
}

/** What the programs connect to: the gate, or the drachtio-server that this run is on. */
export interface ProgramServer extends AsyncDisposable {
  /** Undefined when it is a drachtio-server. */
  readonly gate: Gate | undefined;
  /** Starts a program; it is connected, and has asked for what it handles, when this resolves. */
  program(app: string, options?: ProgramOptions): Promise<RunningProgram>;
  /** A phone that speaks to it. */
  phone(options?: Partial<PhoneOptions>): Promise<Phone>;
}

const SECRET = 'a-secret-of-programs';

/** Everything that can go to programs does. */
export const programsYaml = (address: string, limits: Readonly<Record<string, number>> = {}) =>
  JSON.stringify({
    programPort: { address, port: ownPorts.programs, limits },
    programs: {
      requests: [
        {
          methods: [
            ...['INVITE', 'REGISTER', 'OPTIONS', 'MESSAGE', 'SUBSCRIBE'],
            ...['NOTIFY', 'PUBLISH', 'INFO', 'REFER'],
          ],
        },
      ],
    },
  });

export async function aProgramServer(): Promise<ProgramServer> {
  if (inject('carrier') === 'drachtio-server')
    return connectable(drachtioServer(), undefined, async () => {});
  const pbx = await aPbx();
  const address = ownAddress();
  const gate = await startGate({
    pbx: pbx.uri,
    address,
    routes: { 'programs.yaml': programsYaml(address) },
    environment: { DRAWBRIDGE_PROGRAMS_SECRET: SECRET },
  });
  return connectable(
    { host: gate.address, port: gate.programs.port, secret: SECRET },
    gate,
    async () => {
      await gate.close();
      await pbx.close();
    },
  );
}

function connectable(
  places: ServerPlace,
  gate: Gate | undefined,
  close: () => Promise<void>,
): ProgramServer {
  /** Where it is reached with SIP: the first program is told. */
  let hostports = '';
  const place = (transport: string): Place => {
    const found = hostports.split(',').find((one) => one.startsWith(`${transport}/`));
    const [, address, port] = /\/(.+):(\d+)$/.exec(found ?? '') ?? [];
    if (address === undefined) throw new Error(`no ${transport} in "${hostports}"`);
    return { address, port: Number(port) };
  };
  return {
    gate,
    async program(app, { args = [], tags = '' } = {}) {
      const file = fileURLToPath(new URL(`apps/${app}.cjs`, import.meta.url));
      const running = new RunningProgram(
        startBackground(app, process.execPath, [file, ...args], {
          environment: {
            DRACHTIO_HOST: places.host,
            DRACHTIO_PORT: String(places.port),
            DRACHTIO_SECRET: places.secret,
            DRACHTIO_TAGS: tags,
          },
        }),
      );
      hostports = String((await running.says('connected')).hostports);
      return running;
    },
    phone: (options = {}) => aPhone({ to: place(options.transport ?? 'udp'), ...options }),
    [Symbol.asyncDispose]: close,
  };
}
