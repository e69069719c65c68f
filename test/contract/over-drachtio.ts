import { randomBytes } from 'node:crypto';
import { settingsSchema } from '../../src/config/schema.ts';
import type { DrachtioSettings } from '../../src/config/settings.ts';
import { createDrachtio } from '../../src/drachtio/create-drachtio.ts';
import { createFlowTokens } from '../../src/edge/flow-token.ts';
import type { Handlers, Realm, Serving, Signaling } from '../../src/edge/signaling.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { ProgramServer } from '../../src/engine/protocol/program-server.ts';
import type { SettingsUnderTest } from './under-test.ts';

const silent = { info() {}, warn() {}, error() {} };
const REALMS: readonly Realm[] = ['access', 'core', 'trunk'];

/** The adapter, over the engine's own protocol port: what the server receives all goes to the adapter. */
export function overProtocolPort(settings: SettingsUnderTest, key: Buffer): Signaling {
  // what a test limits is limited in the adapter: its server is somebody else's
  const { limits } = settingsSchema.parse({});
  const engine = createEngine({
    settings: { ...settings, limits },
    tokens: createFlowTokens(randomBytes(32)),
    log: silent,
  });
  const placesOf = (uri: string) => engine.placesOf(uri);
  return {
    placesOf,
    async serve(handlers) {
      const sip = await engine.serve(whoIsWhere());
      const secret = randomBytes(16).toString('hex');
      const { programPort } = settingsSchema.parse({});
      let programs: ProgramServer | undefined;
      sip.servePrograms((agents) => {
        programs = new ProgramServer(
          {
            settings: {
              ...settings,
              programPort: { ...programPort, port: 0, tls: { enabled: false } },
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
      await programs?.listen();
      const close = async () => {
        await programs?.close();
        await sip.close();
      };
      const drachtio: DrachtioSettings = {
        servers: [{ host: '127.0.0.1', port: programs?.port?.port ?? 0 }],
        secret,
        tls: { enabled: false },
        listeners: sip.listeners,
      };
      try {
        return closing(await adapter(settings, drachtio, key, placesOf, handlers), close);
      } catch (problem) {
        await close();
        throw problem;
      }
    },
  };
}

/**
 * The adapter, over a drachtio-server that is running already: DRACHTIO_SERVER=host:port/secret. It needs two
 * contacts for each transport, the first for phones and the second for the PBX.
 */
export function overServer(settings: SettingsUnderTest, key: Buffer): Signaling {
  const [, host = '', port, secret = ''] =
    /^\[?(.+?)\]?:(\d+)\/(.*)$/.exec(process.env.DRACHTIO_SERVER ?? '') ?? [];
  const drachtio: DrachtioSettings = {
    servers: [{ host, port: Number(port) }],
    secret,
    tls: { enabled: false },
    listeners: [],
  };
  const engine = createEngine({ settings, tokens: createFlowTokens(key), log: silent });
  const placesOf = (uri: string) => engine.placesOf(uri);
  return {
    placesOf,
    async serve(handlers) {
      const asking = await adapter(settings, drachtio, key, placesOf, { request() {} });
      const seen = new Set<string>();
      const listeners = asking.listeners.map((one) => {
        const realm: Realm = seen.has(one.transport) ? 'core' : 'access';
        seen.add(one.transport);
        return { ...one, realm };
      });
      await asking.close();
      return adapter(settings, { ...drachtio, listeners }, key, placesOf, handlers);
    },
  };
}

function adapter(
  { calls, drain, limits }: SettingsUnderTest,
  drachtio: DrachtioSettings,
  key: Buffer,
  placesOf: Signaling['placesOf'],
  handlers: Handlers,
): Promise<Serving> {
  return createDrachtio({
    settings: { calls, drain, limits, drachtio },
    tokens: createFlowTokens(key, Buffer.alloc(4)),
    key,
    placesOf,
    log: silent,
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
