import type { Flow, Handlers, Target } from '../edge/signaling.ts';
import type { Bridges } from './bridges.ts';
import type { Flows } from './flows.ts';
import type { Incoming } from './incoming.ts';
import type { Sent } from './sent.ts';
import type { ServerLink } from './server-link.ts';
import type { ServerListeners } from './server-listeners.ts';
import type { SrfRequest, SrfResponse } from './srf.ts';

/** What the parts of the adapter share. */
export interface Carrier {
  readonly handlers: Handlers;
  readonly link: ServerLink;
  /** The listeners of the server we are connected to. */
  readonly servers: ServerListeners;
  readonly flows: Flows;
  readonly bridges: Bridges;
  readonly observer: CarrierObserver | undefined;
  /** Timer C. */
  readonly ringMs: number;
  /** A request from the server, whichever way drachtio-srf hands it over. */
  received(request: SrfRequest, response: SrfResponse): void;
  /** Requests that have come and have no final answer. */
  readonly incoming: Set<Incoming>;
  /** Requests that we sent and that have no final answer. */
  readonly sent: Set<Sent>;
  /** The Call-ID by which the other side of a bridge knows a call: the same for the same call. */
  callIdToward(callId: string, fromTag: string, nth: number): string;
  /** What we are called toward this target. */
  ownAddress(target: Target): string;
  fault(problem: unknown): void;
}

/** Told of what passes, for counters. */
export interface CarrierObserver {
  received(method: string, flow: Flow): void;
  answered(status: number, flow: Flow): void;
}
