import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { DrachtioSettings, Settings } from '../config/settings.ts';
import type { DrachtioServing } from '../drachtio/create-drachtio.ts';
import { limits } from '../drachtio/limits.ts';
import { createFlowTokens } from '../edge/flow-token.ts';
import type { Handlers, Serving, Signaling } from '../edge/signaling.ts';
import { createEngine, type EngineServing } from '../engine/create-engine.ts';
import type { Inheritance } from '../engine/hand-over/inheritance.ts';
import type { ServedCertificate } from '../engine/transport/certificate/certificates.ts';
import type { TransportLog } from '../engine/transport/transport-context.ts';
import type { Counters } from './counters.ts';
import type { GateStats } from './gate-stats.ts';

/** Whatever carries SIP, and what it can say about itself. */
export interface CarrierServing extends Serving {
  counts(): CarrierCounts;
  reconfigure(settings: Pick<Settings, 'calls' | 'drain'>): void;
  certificates(): readonly ServedCertificate[];
  /** Over a drachtio-server only. */
  server?: DrachtioServing['server'];
  /** Not over a drachtio-server: programs connect there. */
  servePrograms?: EngineServing['servePrograms'];
  /** Not over a drachtio-server: that holds the sockets. */
  descriptors?: EngineServing['descriptors'];
  handOver?: EngineServing['handOver'];
  registeredLate?: EngineServing['registeredLate'];
  abandon?: EngineServing['abandon'];
  letGo?: EngineServing['letGo'];
  succeed?: EngineServing['succeed'];
  inherits?: EngineServing['inherits'];
}

export interface CarrierCounts
  extends Pick<
    GateStats,
    'transactions' | 'calls' | 'ringing' | 'timers' | 'datagramsDropped' | 'floodLanes'
  > {
  /** What the thread slept on purpose while packets came, in all. */
  readonly sleptMs: number;
  readonly connections: {
    readonly byTransport: GateStats['connections']['open'];
    readonly handshaking: number;
    readonly refused: GateStats['connections']['refused'];
  };
}

export interface OpenCarrier extends Signaling {
  serve(handlers: Handlers): Promise<CarrierServing>;
}

/** Tokens must be good in the next process too: the server holds the connections, not we. */
const NO_BOOT = Buffer.alloc(4);

/** The embedded engine, or a drachtio-server where the settings name one. */
export function openCarrier(
  settings: Settings,
  tokenKey: Buffer,
  log: TransportLog,
  observer: Counters,
  inheritance?: Inheritance,
): OpenCarrier {
  const tokens = createFlowTokens(tokenKey);
  const engine = createEngine({ settings, tokens, log, observer, inheritance });
  if (settings.drachtio.servers.length === 0) return engine;
  const placesOf = (uri: string) => engine.placesOf(uri);
  const tls = tlsOptions(settings.drachtio);
  return {
    placesOf,
    async serve(handlers) {
      // most gates do without
      const { createDrachtio } = await import('../drachtio/create-drachtio.ts');
      const drachtio = createDrachtio({
        settings,
        tokens: createFlowTokens(tokenKey, NO_BOOT),
        key: tokenKey,
        placesOf,
        log,
        observer,
        ...(tls !== undefined && { tls }),
      });
      const serving = await drachtio.serve(handlers);
      for (const { what, instead } of limits)
        log.info({ instead }, `not over a drachtio-server: ${what}`);
      return serving;
    },
  };
}

function tlsOptions({ tls }: DrachtioSettings): ConnectionOptions | undefined {
  if (!tls.enabled) return undefined;
  return tls.authorities === undefined ? {} : { ca: readFileSync(tls.authorities) };
}
