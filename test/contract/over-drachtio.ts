import { randomBytes } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { settingsSchema } from '../../src/config/schema.ts';
import type { DrachtioSettings } from '../../src/config/settings.ts';
import { createDrachtio, type DrachtioServing } from '../../src/drachtio/create-drachtio.ts';
import { createFlowTokens } from '../../src/edge/flow-token.ts';
import type { Handlers, Listener, Realm, Serving, Signaling } from '../../src/edge/signaling.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { ProgramServer } from '../../src/engine/protocol/program-server.ts';
import { drachtioServer } from './drachtio-server.ts';
import type { SettingsUnderTest } from './under-test.ts';

const silent = { info() {}, warn() {}, error() {} };
const REALMS: readonly Realm[] = ['access', 'core', 'trunk'];

/** What a drachtio-server would be to the adapter: the engine, with its protocol port. */
export interface Server {
  readonly place: { readonly host: string; readonly port: number };
  readonly secret: string;
  readonly listeners: readonly Listener[];
  /** Of the connections to the protocol port. */
  readonly connected: number;
  close(): Promise<void>;
}

export interface ServerWish {
  /** Default: any free one. */
  readonly port?: number;
  readonly secret?: string;
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** A server that hands over to the adapter all it receives. */
export async function aServer(
  settings: SettingsUnderTest,
  { port = 0, secret = randomBytes(16).toString('hex'), tls }: ServerWish = {},
): Promise<Server> {
  // what a test limits is limited in the adapter: its server is somebody else's
  const { limits, programPort } = settingsSchema.parse({});
  const engine = createEngine({
    settings: { ...settings, limits },
    tokens: createFlowTokens(randomBytes(32)),
    log: silent,
  });
  const sip = await engine.serve(whoIsWhere());
  let programs: ProgramServer | undefined;
  sip.servePrograms((agents) => {
    programs = new ProgramServer(
      {
        settings: {
          ...settings,
          programPort: {
            ...programPort,
            port,
            tls: { enabled: tls !== undefined, ...tls },
          },
          programs: {
            secret,
            handlers: [],
            requests: REALMS.map((realm) => ({ realm, to: 'programs' })),
          },
        },
        listeners: sip.listeners,
        version: 'test',
        log: silent,
      },
      agents,
    );
    return programs;
  });
  const server = programs;
  if (server === undefined) throw new Error('programs cannot connect');
  await server.listen();
  return {
    place: { host: '127.0.0.1', port: server.port?.port ?? 0 },
    secret,
    listeners: sip.listeners,
    get connected() {
      return server.counts().connected;
    },
    async close() {
      await server.close();
      await sip.close();
    },
  };
}

/** The adapter, over the engine's own protocol port. */
export function overProtocolPort(settings: SettingsUnderTest, key: Buffer): Signaling {
  return {
    placesOf,
    async serve(handlers) {
      const server = await aServer(settings);
      try {
        const { place, secret, listeners } = server;
        const drachtio = { servers: [place], secret, tls: { enabled: false }, listeners };
        return closing(await adapter(settings, drachtio, key, handlers), () => server.close());
      } catch (problem) {
        await server.close();
        throw problem;
      }
    },
  };
}

/**
 * The adapter, over a drachtio-server that is running already. It needs two contacts for each transport, the first
 * for phones and the second for the PBX.
 */
export function overServer(settings: SettingsUnderTest, key: Buffer): Signaling {
  const { host, port, secret } = drachtioServer();
  const drachtio: DrachtioSettings = {
    servers: [{ host, port }],
    secret,
    tls: { enabled: false },
    listeners: [],
  };
  return {
    placesOf,
    async serve(handlers) {
      const asking = await adapter(settings, drachtio, key, { request() {} });
      const seen = new Set<string>();
      const listeners = asking.listeners.map((one) => {
        const realm: Realm = seen.has(one.transport) ? 'core' : 'access';
        seen.add(one.transport);
        return { ...one, realm };
      });
      await asking.close();
      return adapter(settings, { ...drachtio, listeners }, key, handlers);
    },
  };
}

/** Nothing in the suite asks for names. */
const placesOf = () => Promise.resolve([]);

/** The adapter, over these servers. */
export function adapter(
  { calls, drain, limits }: SettingsUnderTest,
  drachtio: DrachtioSettings,
  key: Buffer,
  handlers: Handlers,
  tls?: ConnectionOptions,
): Promise<DrachtioServing> {
  return createDrachtio({
    settings: { calls, drain, limits, drachtio },
    tokens: createFlowTokens(key, Buffer.alloc(4)),
    key,
    placesOf,
    log: silent,
    ...(tls !== undefined && { tls }),
  }).serve(handlers);
}

/**
 * The server's own idea of who is where, which its routes files would say: who was heard by a listener for phones
 * is a phone, everybody else stands inside.
 */
function whoIsWhere(): Handlers {
  const phones = new Set<string>();
  return {
    request: (incoming) => incoming.answer(incoming.request.toTag === '' ? 404 : 481),
    realmOf({ listener, address, port }) {
      if (listener.realm === 'access') phones.add(`${address} ${port}`);
      return listener.realm;
    },
    mayReach: (host, port, from) => from === 'access' && !phones.has(`${host} ${port}`),
  };
}

const closing = (serving: Serving, also: () => Promise<void>): Serving =>
  new Proxy(serving, {
    get(target, name) {
      if (name !== 'close') {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return async () => {
        await target.close();
        await also();
      };
    },
  });
