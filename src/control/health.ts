import type { DataPlaneStats, PbxNodeStats } from '../data/gate-stats.ts';

/** How long the data plane may be silent before it counts as dead. */
export const heartbeatLimitMs = 5000;

export interface Health {
  readonly good: boolean;
  /** Why not; empty when good. */
  readonly reasons: readonly string[];
  /** What is not as it should be, and yet no reason to stay away. */
  readonly notes?: readonly string[];
}

export interface Heartbeat {
  readonly stats: DataPlaneStats;
  /** By a clock that nobody sets: `performance.now()`. */
  readonly at: number;
}

/** Is the process doing its work? */
export function liveness(last: Heartbeat | undefined, now: number): Health {
  return health([
    last === undefined && 'the data plane has not reported yet',
    last !== undefined && now - last.at > heartbeatLimitMs && 'the data plane has gone silent',
  ]);
}

interface OfThisProcess {
  readonly draining: boolean;
  /** The control plane had an error that nobody caught. */
  readonly faulty: boolean;
  readonly notes?: readonly string[];
}

/** Should new calls be sent here? */
export function readiness(
  last: Heartbeat | undefined,
  { draining, faulty, notes = [] }: OfThisProcess,
  now: number,
): Health {
  const checked = health([
    ...liveness(last, now).reasons,
    faulty && 'the control plane failed, and the process ends when no call is left',
    (draining || last?.stats.draining === true) && 'draining',
    last?.stats.drachtio?.connected === false && 'no drachtio-server is connected',
    last !== undefined && withoutPbx(last.stats.pbx),
  ]);
  return { ...checked, notes };
}

function withoutPbx(nodes: readonly PbxNodeStats[]): string | false {
  const up = nodes.filter((node) => node.up);
  if (up.length === 0) return 'no PBX node answers';
  return up.every(({ draining }) => draining) && 'every PBX node that answers is told to drain';
}

function health(reasons: readonly (string | false)[]): Health {
  const given = reasons.filter((reason) => reason !== false);
  return { good: given.length === 0, reasons: given };
}
