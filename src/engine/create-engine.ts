import type { Settings } from '../config/settings.ts';
import type { Handlers, Serving, Signaling } from '../edge/signaling.ts';
import { Engine, type EngineCounts, type EngineOptions } from './engine.ts';
import type { InheritedSocket } from './hand-over/inheritance.ts';
import { nextHopOf } from './next-hops.ts';
import { sendOwn } from './own-request.ts';
import type { Agents, Programs } from './protocol/program.ts';
import { tellDnsFailures } from './resolve/explain-dns-failure.ts';
import { createResolver, type Resolver } from './resolve/resolver.ts';
import type { ServedCertificate } from './transport/certificate/certificates.ts';
import type { Channel } from './transport/transports.ts';

const CRLF_CRLF = '\r\n\r\n';

/** What the embedded engine can say about itself beyond the port. */
export interface EngineServing extends Serving {
  counts(): EngineCounts;
  /** Takes up settings that changed, for what comes from now on. */
  reconfigure(settings: Pick<Settings, 'calls' | 'drain'>): void;
  /** Serves call programs from now on; those who connect them are given what the programs may ask for. */
  servePrograms(open: (agents: Agents) => Programs): void;
  /** What a gate that takes our place would inherit. */
  descriptors(): readonly InheritedSocket[];
  /**
   * From now on what belongs to nothing here is passed on to the gate that takes our place, by way of this Unix socket.
   * Gives what marks the tokens of our connections.
   */
  handOver(link: string, lost: () => void): Promise<Uint8Array>;
  /** A registration that was under way when all was handed over. */
  registeredLate(row: object): void;
  /** Nobody takes our place after all. */
  abandon(): void;
  /** Ends connections that nobody needs here any more, a few; says how many are left. */
  letGo(): number;
  /** Begins to take the other's place; see `Transports`. */
  succeed(registered: (row: unknown) => void): Promise<void>;
  /** Another gate, whose place is taken, is not done yet. */
  inherits(): boolean;
  /** The certificates that TLS is served with now. */
  certificates(): readonly ServedCertificate[];
}

export interface CreateEngineOptions extends Omit<EngineOptions, 'resolver'> {
  /** Default: the system's DNS. */
  readonly resolver?: Resolver;
}

export interface EmbeddedEngine extends Signaling {
  serve(handlers: Handlers): Promise<EngineServing>;
}

/** The embedded engine: SIP over its own sockets, in this thread, with no other software. */
export function createEngine(options: CreateEngineOptions): EmbeddedEngine {
  const {
    resolver = createResolver({
      onFailure: tellDnsFailures((fields, text) => options.log.warn(fields, text)),
    }),
  } = options;
  return {
    async placesOf(uri) {
      const hop = nextHopOf(uri);
      return hop === undefined ? [] : resolver.resolve(hop);
    },
    async serve(handlers) {
      const engine = new Engine({ ...options, resolver }, handlers);
      await engine.open();
      return {
        listeners: engine.transports.listeners,
        send: (request, done) => sendOwn(engine, request, done),
        flowFrom: (token) => engine.flowFrom(token),
        ownAddress: (target) => engine.ownAddress(target),
        ping: (flow) => (flow as Channel).send(CRLF_CRLF),
        calls: () => engine.calls,
        callsNamed: (callId) => engine.calls.named(callId),
        ringing: () => engine.ringing(),
        end: (callId, reason) => engine.end(callId, reason),
        cut: (which) => engine.transports.cut(which),
        counts: () => engine.counts(),
        reconfigure: (settings) => engine.reconfigure(settings),
        servePrograms: (open) => {
          engine.servePrograms(open);
        },
        descriptors: () => engine.transports.descriptors(),
        async handOver(link, lost) {
          await engine.handOver(link, lost);
          return options.tokens.boot;
        },
        registeredLate: (row) => engine.successor?.registered(row),
        abandon: () => {
          engine.successor = undefined;
        },
        letGo: () => engine.letGo(),
        succeed: (registered) => engine.transports.succeed(registered),
        inherits: () => engine.transports.inherits,
        certificates: () => engine.transports.certificates(),
        close: () => engine.close(),
      };
    },
  };
}
