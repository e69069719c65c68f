import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { LimitSettings, Settings } from '../../src/config/settings.ts';
import { createFlowTokens } from '../../src/edge/flow-token.ts';
import type { Realm, Signaling, Transport } from '../../src/edge/signaling.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { DnsServer } from '../../src/engine/resolve/dns-servers.ts';
import { createResolver } from '../../src/engine/resolve/resolver.ts';
import { overProtocolPort, overServer } from './over-drachtio.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Which implementation this run of the suite judges; the engine where a project does not say. */
    carrier: 'engine' | 'drachtio' | 'drachtio-server';
  }
}

export interface ListenerWanted {
  readonly transport: Transport;
  readonly realm: Realm;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Default: any free one. */
  readonly port?: number;
}

export interface UnderTestOptions {
  readonly listeners: readonly ListenerWanted[];
  /** Timer C, shorter than any operator would set it, for the tests that wait for it. */
  readonly ringSeconds?: number;
  /** Smaller than any operator would set them, for the tests that reach them. */
  readonly limits?: Partial<LimitSettings>;
  /** Flow tokens of an earlier run are good when it had the same key; default: a key of its own. */
  readonly tokenKey?: Buffer;
  /** Asked in place of the system's; the engine's only. */
  readonly nameServer?: DnsServer;
}

export interface UnderTest {
  readonly signaling: Signaling;
  /** What the making of it left behind; called after everything it served is closed. */
  dispose(): Promise<void>;
}

/** What both implementations read of the settings. */
export type SettingsUnderTest = Pick<
  Settings,
  'dataDirectory' | 'listeners' | 'tls' | 'limits' | 'calls' | 'drain'
>;

/**
 * The implementation that this run of the suite judges: the engine in process, the adapter over the engine's own
 * protocol port, or the adapter over the drachtio-server that DRACHTIO_SERVER names.
 */
export async function signalingUnderTest(options: UnderTestOptions): Promise<UnderTest> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'drawbridge-contract-'));
  const settings = settingsFor(options, dataDirectory);
  const key = options.tokenKey ?? randomBytes(32);
  const dispose = () => rm(dataDirectory, { recursive: true, force: true });
  switch (inject('carrier')) {
    case 'drachtio':
      return { signaling: overProtocolPort(settings, key), dispose };
    case 'drachtio-server':
      return { signaling: overServer(settings, key), dispose };
    default: {
      const { nameServer } = options;
      const signaling = createEngine({
        settings,
        tokens: createFlowTokens(key),
        log: silent,
        ...(nameServer && { resolver: createResolver({ servers: [nameServer] }) }),
      });
      return { signaling, dispose };
    }
  }
}

export function settingsFor(
  { listeners, limits, ringSeconds }: UnderTestOptions,
  dataDirectory: string,
): SettingsUnderTest {
  return {
    dataDirectory,
    listeners: listeners.map(({ transport, realm, address = '127.0.0.1', port = 0 }) => ({
      transport,
      realm,
      address,
      port,
      clientCertificate: 'none',
    })),
    tls: { certificates: [], warnDaysBeforeExpiry: 30 },
    limits: {
      connectionsPerSource: 100,
      connections: 1000,
      handshakeSeconds: 5,
      messageSeconds: 10,
      firstMessageSeconds: 60,
      idleSeconds: 600,
      messageBytes: 65_536,
      transactions: 10_000,
      calls: 1000,
      registrations: 1000,
      ...limits,
    },
    calls: { ringSeconds: ringSeconds ?? 181, forgetAfterHours: 24 },
    drain: { deadlineSeconds: 60, retryAfterSeconds: 5 },
  };
}

/** Faults are made on purpose here; what a test cannot see in behaviour it does not judge. */
const silent = { info() {}, warn() {}, error() {} };
