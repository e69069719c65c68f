import type { CallEnd } from '../edge/signaling.ts';

export type StatusClass = '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | '6xx';

/** What became of a call that was sent to a trunk: the class of its final answer, or none came. */
export type TrunkOutcome = StatusClass | 'none';

/** Since the start but for `live`. Routes and trunks that had no call are left out. */
export interface CallStats {
  readonly answered: number;
  readonly ended: Readonly<Partial<Record<CallEnd, number>>>;
  readonly emergencies: number;
  readonly routes: Readonly<Record<string, RouteStats>>;
  readonly trunks: Readonly<Record<string, TrunkStats>>;
}

export interface RouteStats {
  readonly live: number;
  readonly made: number;
}

export interface TrunkStats {
  /** Both ways. */
  readonly live: number;
  readonly received: number;
  /** Of calls that were sent there. */
  readonly answers: Readonly<Partial<Record<TrunkOutcome, number>>>;
}

/** Of an extension that has metrics. */
export interface ExtensionStats {
  readonly name: string;
  readonly registrations: number;
  readonly live: number;
  /** Since the start: calls let through, registrations and calls that rules refused, failures to register. */
  readonly calls: number;
  readonly refused: number;
  readonly failed: number;
}
