import type { GateEvent } from '../data/event.ts';
import { clockOff } from './shared/clock-off.ts';
import type { ClusterStatus } from './shared/shared-state.ts';

/** Without the others a node serves on: that is no reason to send calls elsewhere. */
export function clusterNotes(status: ClusterStatus | undefined): readonly string[] {
  if (status === undefined) return [];
  if (!status.connected)
    return [`note: Redis is lost (${status.why}), this node serves on from memory`];
  const off = clockOff(status.clockOffMs);
  return off === undefined ? [] : [`note: ${off}`];
}

export const clusterEvent = (
  { connected, clockOffMs }: ClusterStatus,
  text: string,
): GateEvent => ({
  at: Date.now(),
  level: connected
    ? text.endsWith('is lost') || text === clockOff(clockOffMs)
      ? 'warn'
      : 'info'
    : 'alert',
  kind: 'cluster',
  count: 1,
  text,
});

/** A bug of ours, on record. */
export const fault = (text: string): GateEvent => ({
  at: Date.now(),
  level: 'alert',
  kind: 'fault',
  count: 1,
  text,
});
